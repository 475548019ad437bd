using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>Loads the first candidate of a library that can be loaded, and NVRTC and cuBLASLt of one major version.</summary>
/// <param name="open">Opens a library by path or bare name; throws <see cref="DllNotFoundException"/> or <see cref="BadImageFormatException"/> where that fails.</param>
internal sealed partial class CudaLibraryLoader(CudaLibrarySearch search, ILogger logger, Func<string, nint> open)
{
    public CudaLibraryLoader(CudaLibrarySearch search, ILogger logger) : this(search, logger, NativeLibrary.Load)
    {
    }

    /// <exception cref="CudaLibraryMissingException">None can be loaded.</exception>
    public LoadedLibrary Load(CudaLibrary library) => Load(library, search.Candidates(library));

    /// <summary>NVRTC and cuBLASLt: the best major version that both can be had of. One that is newer than the driver comes last: it cannot be used, and its own error says so.</summary>
    /// <param name="driverMajor">Of the version of CUDA that the driver supports.</param>
    /// <exception cref="CudaLibraryMissingException">One is missing, or they cannot be had of one version.</exception>
    public (LoadedLibrary Nvrtc, LoadedLibrary CublasLt) LoadToolkit(int driverMajor)
    {
        var compilers = search.Candidates(CudaLibrary.Nvrtc);
        var products = search.Candidates(CudaLibrary.CublasLt);
        CudaLibraryMissingException? first = null;
        foreach (var major in compilers.Select(candidate => candidate.Major).Distinct().OrderBy(major => major > driverMajor))
        {
            try
            {
                var nvrtc = Load(CudaLibrary.Nvrtc, [.. compilers.Where(candidate => candidate.Major == major)]);
                return (nvrtc, Load(CudaLibrary.CublasLt, [.. products.Where(candidate => candidate.Major == major)]));
            }
            catch (CudaLibraryMissingException missing)
            {
                LogNotOfMajor(logger, major, missing.Name);
                first ??= missing;
            }
        }

        throw first ?? new CudaLibraryMissingException(CudaLibrary.Nvrtc, []);
    }

    private LoadedLibrary Load(CudaLibrary library, IReadOnlyList<CudaLibraryCandidate> candidates)
    {
        var tried = new List<string>();
        foreach (var candidate in candidates)
        {
            try
            {
                LoadBuiltins(library, candidate);
                var loaded = new LoadedLibrary(library, open(candidate.Path), candidate.Path, candidate.Major);
                LogLoaded(logger, library.Name, candidate.Path);
                return loaded;
            }
            catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
            {
                tried.Add($"{candidate.Path}: {(candidate.IsBare ? "not found by the system's loader" : failure.Message.ReplaceLineEndings(" "))}");
            }
        }

        throw new CudaLibraryMissingException(library, tried);
    }

    /// <summary>NVRTC opens its builtins by bare name, which fails outside of the loader's folders; where they are loaded already, the loader finds them by that name.</summary>
    private void LoadBuiltins(CudaLibrary library, CudaLibraryCandidate candidate)
    {
        if (library != CudaLibrary.Nvrtc || candidate.IsBare)
        {
            return;
        }

        foreach (var builtins in Directory.EnumerateFiles(Path.GetDirectoryName(candidate.Path)!, $"libnvrtc-builtins.so.{candidate.Major}*").Order(StringComparer.Ordinal))
        {
            open(builtins);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Library}: {Path}")]
    private static partial void LogLoaded(ILogger logger, string library, string path);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "CUDA {Major} cannot be used: {Library} of it cannot be loaded")]
    private static partial void LogNotOfMajor(ILogger logger, int major, string library);
}
