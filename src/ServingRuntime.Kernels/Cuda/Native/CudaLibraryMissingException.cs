namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A library that CUDA needs cannot be loaded: which one, where it was looked for with what result, and what to install.</summary>
public sealed class CudaLibraryMissingException : Exception
{
    internal CudaLibraryMissingException(CudaLibrary library, IReadOnlyList<string> tried)
        : base($"{library.Name} ({string.Join(" or ", library.FileNames.Select(name => name.File))}) cannot be loaded; {library.Install}. "
            + $"{CudaLibrarySearch.Variable} names further folders. Tried: {string.Join("; ", tried)}")
    {
        Name = library.Name;
        IsDriver = library == CudaLibrary.Driver;
        Tried = tried;
    }

    /// <summary>The missing one's name for people.</summary>
    public string Name { get; }

    /// <summary>Whether it is the driver's: then the machine is none for CUDA.</summary>
    public bool IsDriver { get; }

    /// <summary>Each place with the loader's answer.</summary>
    public IReadOnlyList<string> Tried { get; }
}
