namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>The driver (or a library) is older than what is needed of it.</summary>
public sealed class CudaDriverTooOldException : Exception
{
    internal CudaDriverTooOldException(CudaVersion driver, CudaVersion needed, string neededBy)
        : base($"the driver supports CUDA {driver}, and {neededBy} needs {needed}: update the node's driver, or bring libraries of CUDA {driver.Major} ({CudaLibrarySearch.Variable})")
    {
    }

    internal CudaDriverTooOldException(string library, string entryPoint)
        : base($"{library} is too old: it lacks {entryPoint}; CUDA {CudaVersion.Least} or later is needed")
    {
    }
}
