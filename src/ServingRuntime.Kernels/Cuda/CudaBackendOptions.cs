namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <summary>How a device is opened.</summary>
/// <param name="Ordinal">0 is the first that the process may see.</param>
/// <param name="HostThreads">Threads of <see cref="IKernelBackend.RunOnHost"/>, the caller's included.</param>
/// <param name="CacheFolder">For compiled kernels; null: OCTAVO_CUDA_CACHE or the user's own.</param>
/// <param name="Graphs">Whether <see cref="IKernelBackend.Replay"/> records; else it does the work each time.</param>
public sealed record CudaBackendOptions(int Ordinal = 0, int HostThreads = 1, string? CacheFolder = null, bool Graphs = true);
