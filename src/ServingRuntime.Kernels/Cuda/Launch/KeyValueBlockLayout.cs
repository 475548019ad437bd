namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>
/// The order of elements in a block on the device: keys and values each [KV head][slot][element], so that one head's tokens of a block lie together; eight-bit types have float32 scales
/// [keys, values][KV head][slot].
/// </summary>
internal readonly record struct KeyValueBlockLayout(int KVHeads, int HeadDim, int BlockSize, DType DType)
{
    /// <summary>Of keys, and of values.</summary>
    public long ElementsPerBlock => (long)KVHeads * BlockSize * HeadDim;

    public int ScalesPerBlock => DType is DType.Int8 or DType.Float8E4M3 ? 2 * KVHeads * BlockSize : 0;

    /// <summary>Keys, values and scales of a block.</summary>
    public long BlockBytes => (2 * ElementsPerBlock * DType.Size()) + (ScalesPerBlock * sizeof(float));
}
