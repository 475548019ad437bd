namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>Where 64 keys and values of one head lie: four runs of 16 slots. Runs past the end repeat the last one.</summary>
internal unsafe struct TilePlace
{
    private const int Runs = AttentionTile.Keys / AttentionTile.Run;
    private fixed long keys[Runs];
    private fixed long values[Runs];
    private fixed long scales[Runs];
    private readonly int keyStep;
    private readonly int valueStep;

    /// <param name="arguments">Of the call.</param>
    /// <param name="table">The sequence's blocks.</param>
    /// <param name="kvHead">Whose keys and values.</param>
    /// <param name="start">First key; a multiple of 64.</param>
    /// <param name="end">Keys of the sequence that any query sees.</param>
    public TilePlace(in AttentionArguments arguments, int* table, int kvHead, int start, int end)
    {
        var layout = arguments.Layout;
        Count = Math.Min(AttentionTile.Keys, end - start);
        var valueBytes = layout.ValueBytes / layout.BlockSize;
        keyStep = layout.BlockSize * layout.DType.Size();
        valueStep = valueBytes * AttentionTile.Run / AttentionTile.Keys;
        for (var run = 0; run < Runs; run++)
        {
            var token = start + Math.Min(run * AttentionTile.Run, (Count - 1) / AttentionTile.Run * AttentionTile.Run);
            var (index, slot) = Math.DivRem(token, layout.BlockSize);
            var head = ((long)table[index] * layout.KVHeads) + kvHead;
            keys[run] = (long)arguments.Keys + (head * layout.KeyBytes) + (slot * layout.Pack * layout.DType.Size());
            values[run] = (long)arguments.Values + (head * layout.ValueBytes) + (slot * valueBytes);
            scales[run] = (long)(arguments.Scales + ((long)table[index] * layout.ScalesPerBlock) + (kvHead * layout.BlockSize) + slot);
        }
    }

    /// <summary>Keys that are there, 1 to 64.</summary>
    public int Count { get; }

    /// <summary>What to fetch of the keys with each element of a head.</summary>
    public readonly Fetch KeyFetch => new(keys[0], keys[1], keys[2], keys[3], keyStep);

    /// <summary>What to fetch of the values with each of 64 keys.</summary>
    public readonly Fetch ValueFetch => new(values[0], values[1], values[2], values[3], valueStep);

    public readonly byte* Keys(int run) => (byte*)keys[run];

    public readonly byte* Values(int run) => (byte*)values[run];

    /// <summary>The keys' scales; the values' follow after those of all heads' keys. Only where the cache has scales.</summary>
    public readonly float* Scales(int run) => (float*)scales[run];
}
