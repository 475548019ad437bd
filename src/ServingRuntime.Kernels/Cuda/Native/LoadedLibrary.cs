using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A library of NVIDIA's in this process. It is never unloaded: none of them is made for that.</summary>
/// <param name="Path">As it was found.</param>
/// <param name="Major">Of its version; 0: not known from the name.</param>
internal sealed record LoadedLibrary(CudaLibrary Library, nint Handle, string Path, int Major)
{
    /// <exception cref="CudaDriverTooOldException">The library lacks it.</exception>
    public nint Export(string name) => NativeLibrary.TryGetExport(Handle, name, out var address) ? address : throw new CudaDriverTooOldException(Path, name);
}
