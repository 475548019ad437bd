namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// One layer's keys and values in blocks of <see cref="BlockSize"/> tokens. The order of elements inside a block is the backend's own;
/// block b occupies the same place in every layer, so one block table serves all.
/// </summary>
/// <param name="keys">[NumBlocks, ...].</param>
/// <param name="values">[NumBlocks, ...].</param>
/// <param name="scales">float32 [NumBlocks, ...]; null where the type needs none.</param>
/// <param name="dtype">What keys and values are held as.</param>
public sealed class KeyValueBlocks(Tensor keys, Tensor values, Tensor? scales, DType dtype, int numBlocks, int kvHeads, int headDim, int blockSize) : IDisposable
{
    public Tensor Keys { get; } = keys;

    public Tensor Values { get; } = values;

    public Tensor? Scales { get; } = scales;

    public DType DType { get; } = dtype;

    public int NumBlocks { get; } = numBlocks;

    public int KVHeads { get; } = kvHeads;

    public int HeadDim { get; } = headDim;

    public int BlockSize { get; } = blockSize;

    /// <summary>All memory that a block's content is in: each part holds <see cref="NumBlocks"/> equal pieces, piece b the block b's.</summary>
    public IReadOnlyList<Tensor> Parts { get; } = scales is { } factors ? [keys, values, factors] : [keys, values];

    public void Dispose()
    {
        foreach (var part in Parts)
        {
            part.Memory.Dispose();
        }
    }
}
