namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// One layer's keys and values in blocks of <see cref="BlockSize"/> tokens. The order of elements inside a block is the backend's own;
/// block b occupies the same place in every layer, so one block table serves all.
/// </summary>
public sealed class KeyValueBlocks(Tensor keys, Tensor values, int numBlocks, int kvHeads, int headDim, int blockSize) : IDisposable
{
    public Tensor Keys { get; } = keys;

    public Tensor Values { get; } = values;

    public int NumBlocks { get; } = numBlocks;

    public int KVHeads { get; } = kvHeads;

    public int HeadDim { get; } = headDim;

    public int BlockSize { get; } = blockSize;

    public void Dispose()
    {
        Keys.Memory.Dispose();
        Values.Memory.Dispose();
    }
}
