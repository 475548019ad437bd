namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>
/// Where CUDA's libraries may be, best first: the folders of OCTAVO_CUDA_LIBRARIES (colons between), CUDA_HOME and CUDA_PATH, pip's packages, the usual folders, the system's loader.
/// The driver belongs to the kernel module that is loaded, so the loader's comes first there, behind only what was asked for.
/// </summary>
/// <param name="environment">Value of a variable, or null.</param>
/// <param name="root">Put before every folder, for tests; empty: the machine itself.</param>
internal sealed class CudaLibrarySearch(Func<string, string?> environment, string root = "")
{
    public const string Variable = "OCTAVO_CUDA_LIBRARIES";

    /// <summary>What was asked for, then what was found; within one folder the higher major version first.</summary>
    public IReadOnlyList<CudaLibraryCandidate> Candidates(CudaLibrary library)
    {
        var asked = In(Asked(), library);
        var bare = library.FileNames.Select(name => new CudaLibraryCandidate(name.File, name.Major));
        var found = library == CudaLibrary.Driver
            ? asked.Concat(bare).Concat(In(DriverFolders(), library))
            : asked.Concat(In(ToolkitFolders(), library)).Concat(bare);
        return [.. found.DistinctBy(candidate => candidate.Path)];
    }

    private IEnumerable<string> Asked() => (environment(Variable) ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IEnumerable<string> DriverFolders() => ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib"];

    private IEnumerable<string> ToolkitFolders()
    {
        foreach (var variable in (string[])["CUDA_HOME", "CUDA_PATH"])
        {
            if (environment(variable) is { Length: > 0 } home)
            {
                foreach (var folder in OfToolkit(home))
                {
                    yield return folder;
                }
            }
        }

        foreach (var packages in SitePackages())
        {
            // cu13/lib of CUDA 13's wheels; cublas/lib, cuda_nvrtc/lib and so on of CUDA 12's.
            foreach (var package in Folders(packages + "/nvidia", "*"))
            {
                yield return package + "/lib";
            }
        }

        foreach (var folder in OfToolkit("/usr/local/cuda").Concat(DriverFolders()))
        {
            yield return folder;
        }
    }

    private static IEnumerable<string> OfToolkit(string home) => [home + "/lib64", home + "/targets/x86_64-linux/lib", home + "/targets/sbsa-linux/lib", home + "/lib"];

    private IEnumerable<string> SitePackages()
    {
        string?[] prefixes = [environment("VIRTUAL_ENV"), environment("CONDA_PREFIX"), "/usr/local", "/usr"];
        return
            from prefix in prefixes
            where !string.IsNullOrEmpty(prefix)
            from library in (string[])["/lib", "/lib64"]
            from python in Folders(prefix + library, "python3*")
            from packages in (string[])["/site-packages", "/dist-packages"]
            select python + packages;
    }

    private IEnumerable<CudaLibraryCandidate> In(IEnumerable<string> folders, CudaLibrary library) =>
        from folder in folders
        from name in library.FileNames
        let path = $"{root}{folder}/{name.File}"
        where File.Exists(path)
        select new CudaLibraryCandidate(path, name.Major);

    /// <summary>In the order of their names, without the root.</summary>
    private IEnumerable<string> Folders(string parent, string pattern)
    {
        try
        {
            return Directory.Exists(root + parent) ? [.. Directory.EnumerateDirectories(root + parent, pattern).Order(StringComparer.Ordinal).Select(folder => folder[root.Length..])] : [];
        }
        catch (UnauthorizedAccessException)
        {
            // Nothing of ours is in a folder that may not be read.
            return [];
        }
    }
}
