namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>The device (or pinned host memory) has no room.</summary>
public sealed class CudaOutOfMemoryException : CudaException
{
    internal CudaOutOfMemoryException(string call, string name, CudaMemoryPurpose purpose, long requestedBytes, long freeBytes, long totalBytes)
        : base(
            $"no memory for {purpose.Words()}: {Size(requestedBytes)} were asked for{(totalBytes > 0 ? $", {Size(freeBytes)} of {Size(totalBytes)} are free" : "")} ({call}: {name}); {purpose.Advice()}",
            call,
            CudaErrors.OutOfMemory,
            name)
    {
        RequestedBytes = requestedBytes;
        FreeBytes = freeBytes;
        TotalBytes = totalBytes;
    }

    public long RequestedBytes { get; }

    /// <summary>When it failed; nothing where <see cref="TotalBytes"/> is 0.</summary>
    public long FreeBytes { get; }

    /// <summary>0: nobody could tell, as with the host's memory.</summary>
    public long TotalBytes { get; }

    private static string Size(long bytes) => bytes >= 1 << 20 ? $"{bytes / (double)(1 << 20):0.0} MiB" : $"{bytes} bytes";
}
