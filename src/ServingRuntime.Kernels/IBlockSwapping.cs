namespace Octavo.ServingRuntime.Kernels;

/// <summary>A second place for KV blocks in host memory that a device copies to and from by itself: what a backend may offer beside <see cref="IKernelBackend"/>.</summary>
public interface IBlockSwapping
{
    /// <summary>Bytes that a block of all layers takes there.</summary>
    long HostBlockBytes(IReadOnlyList<KeyValueBlocks> layers);

    /// <summary>Room for the contents of so many blocks of all layers, as one piece of pinned memory. The caller disposes it, before the backend.</summary>
    /// <param name="layers">Blocks of equal number.</param>
    IHostBlocks AllocateHostBlocks(IReadOnlyList<KeyValueBlocks> layers, int count);
}
