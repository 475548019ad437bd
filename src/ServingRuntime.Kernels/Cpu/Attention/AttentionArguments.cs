namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>What one call of paged attention works on; shapes as in <see cref="IKernelBackend.PagedAttention"/>.</summary>
internal unsafe struct AttentionArguments
{
    public float* Queries;
    public int QueryStride;
    public float* Output;
    public int OutputStride;
    public KeyValueLayout Layout;
    public byte* Keys;
    public byte* Values;

    /// <summary>Null where the layout has none.</summary>
    public float* Scales;

    public int* QueryStarts;
    public int* SequenceLengths;
    public int* BlockTables;
    public int BlockTableStride;
    public int Sequences;

    /// <summary>Query heads that share a KV head.</summary>
    public int Group;

    public float Scale;

    /// <summary>0: no window.</summary>
    public int SlidingWindow;

    /// <summary>0: none.</summary>
    public float SoftCap;

    /// <summary>Where the states of a unit's ranges lie that different threads compute.</summary>
    public float* Partials;
}
