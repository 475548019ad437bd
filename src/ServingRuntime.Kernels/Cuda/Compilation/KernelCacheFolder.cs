namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>Where compiled kernels are kept from one start to the next.</summary>
internal static class KernelCacheFolder
{
    /// <param name="option">What was asked for; null: OCTAVO_CUDA_CACHE, then octavo/cuda in XDG_CACHE_HOME, then in ~/.cache.</param>
    /// <param name="environment">Value of a variable, or null.</param>
    /// <returns>Null: there is no such place.</returns>
    public static string? Choose(string? option, Func<string, string?> environment)
    {
        var asked = Given(option) ?? Given(environment("OCTAVO_CUDA_CACHE"));
        if (asked is not null)
        {
            return asked;
        }

        var cache = Given(environment("XDG_CACHE_HOME")) ?? (Given(environment("HOME")) is { } home ? Path.Combine(home, ".cache") : null);
        return cache is null || !Path.IsPathRooted(cache) ? null : Path.Combine(cache, "octavo", "cuda");
    }

    private static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
