namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A place where a library may be.</summary>
/// <param name="Path">Absolute and there; or a bare file name, which the system's loader looks for.</param>
/// <param name="Major">Of the library's version; 0: its name has none.</param>
internal sealed record CudaLibraryCandidate(string Path, int Major)
{
    public bool IsBare => !Path.Contains('/', StringComparison.Ordinal);
}
