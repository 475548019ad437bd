using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>Paths that a source names are written below the model's folder, never elsewhere.</summary>
internal static class RelativePath
{
    private const int MaxLength = 1024;

    /// <summary>Names that the fetch itself uses.</summary>
    public const string ReservedPrefix = ".octavo-";

    /// <summary>The path without "./", as it may be joined to a folder; null where it could lead out of it.</summary>
    public static string? Normalize(string path)
    {
        if (path.Length is 0 or > MaxLength || path[0] == '/' || path.Any(c => c == '\\' || char.IsControl(c)))
        {
            return null;
        }

        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(s => s != ".").ToList();
        return segments.Count == 0 || segments.Contains("..") || segments[0].Contains(':', StringComparison.Ordinal) || segments[0].StartsWith(ReservedPrefix, StringComparison.Ordinal)
            ? null
            : string.Join('/', segments);
    }

    /// <exception cref="FetchException">The path leads out of the model's folder.</exception>
    public static string Require(string path, string source) =>
        Normalize(path) ?? throw new FetchException(FetchExitCode.InvalidModel, $"{source} names the file '{Printable(path)}', which is no path below the model's folder.");

    public static string Printable(string path) => new([.. path.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
