namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Blocks in host memory.</content>
public sealed partial class CudaBackend : IBlockSwapping
{
    public long HostBlockBytes(IReadOnlyList<KeyValueBlocks> layers) => CudaHostBlocks.BlockBytes(layers);

    /// <inheritdoc/>
    /// <exception cref="Native.CudaOutOfMemoryException">The host may lock no more memory, or the device has no room for the piece that blocks pass through.</exception>
    public IHostBlocks AllocateHostBlocks(IReadOnlyList<KeyValueBlocks> layers, int count) => AllocateHostBlocks(layers, count, CudaHostBlocks.StagingBytes);

    /// <param name="stagingBytes">Of the piece on the device that blocks pass through; one block at least.</param>
    internal IHostBlocks AllocateHostBlocks(IReadOnlyList<KeyValueBlocks> layers, int count, long stagingBytes) => new CudaHostBlocks(this, device, stream, launcher, layers, count, stagingBytes);
}
