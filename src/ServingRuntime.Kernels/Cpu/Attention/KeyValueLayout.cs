namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// The order of elements in a block. Keys of a head lie by elements, so that many slots' scores are computed side by side; values lie by slots. With bfloat16, neighbours of
/// the summed dimension lie together, as instructions that multiply pairs want them: keys [head][element / 2][slot][2], values [head][slot / 2][element][2].
/// Else keys are [head][element][slot] and values [head][slot][element]. Scales are [keys, values][head][slot].
/// </summary>
internal readonly struct KeyValueLayout(int kvHeads, int headDim, int blockSize, DType dtype)
{
    public int KVHeads { get; } = kvHeads;

    public int HeadDim { get; } = headDim;

    public int BlockSize { get; } = blockSize;

    public DType DType { get; } = dtype;

    /// <summary>Elements that a value of a head takes: whole vectors of the longest kind, the rest zero.</summary>
    public int ValueWidth => (HeadDim + 15) / 16 * 16;

    /// <summary>Elements of the summed dimension that lie together.</summary>
    public int Pack => DType == DType.BFloat16 ? 2 : 1;

    public bool HasScales => DType is DType.Int8 or DType.Float8E4M3;

    /// <summary>Of one head's keys in one block.</summary>
    public int KeyBytes => (HeadDim + Pack - 1) / Pack * Pack * BlockSize * DType.Size();

    /// <summary>Of one head's values in one block.</summary>
    public int ValueBytes => ValueWidth * BlockSize * DType.Size();

    /// <summary>float32 scales in one block.</summary>
    public int ScalesPerBlock => HasScales ? 2 * KVHeads * BlockSize : 0;

    public long BlockBytes => ((long)KVHeads * (KeyBytes + ValueBytes)) + (ScalesPerBlock * sizeof(float));
}
