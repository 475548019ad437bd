namespace Octavo.LocalCluster.Node.Launch;

/// <summary>
/// Which host path stands for which container path. A process sees the host's file system, so values that are container paths are rewritten:
/// <c>PATH</c>, <c>--option=PATH</c> and <c>file://PATH</c>, where PATH equals a mapped path or lies below it. The longest mapped path wins.
/// </summary>
internal sealed class PathMap
{
    private const string FileScheme = "file://";

    private readonly IReadOnlyList<KeyValuePair<string, string>> entries;

    public PathMap(IEnumerable<KeyValuePair<string, string>> containerToHost) =>
        entries = containerToHost
            .Select(e => KeyValuePair.Create(TrimEnd(e.Key), TrimEnd(e.Value)))
            .Where(e => e.Key.Length > 0)
            .OrderByDescending(e => e.Key.Length)
            .ToList();

    /// <summary>This map with more entries; those of <paramref name="more"/> win over equal ones here.</summary>
    public PathMap With(IEnumerable<KeyValuePair<string, string>> more)
    {
        var merged = entries.ToDictionary(StringComparer.Ordinal);
        foreach (var (container, host) in more)
        {
            merged[TrimEnd(container)] = host;
        }

        return new PathMap(merged);
    }

    /// <summary>The host path of a container path, or null where nothing is mapped there.</summary>
    public string? ToHost(string containerPath)
    {
        foreach (var (container, host) in entries)
        {
            if (containerPath.StartsWith(container, StringComparison.Ordinal)
                && (containerPath.Length == container.Length || containerPath[container.Length] == '/'))
            {
                return host + containerPath[container.Length..];
            }
        }

        return null;
    }

    /// <summary>An argument or environment value as the process must see it.</summary>
    public string Rewrite(string value)
    {
        if (RewriteValue(value) is { } whole)
        {
            return whole;
        }

        var equals = value.StartsWith('-') ? value.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals > 0 && RewriteValue(value[(equals + 1)..]) is { } right ? value[..(equals + 1)] + right : value;
    }

    private static string TrimEnd(string path) => path.Length > 1 ? path.TrimEnd('/') : path == "/" ? "" : path;

    private string? RewriteValue(string value) =>
        value.StartsWith('/') ? ToHost(value)
        : value.StartsWith(FileScheme, StringComparison.Ordinal) && ToHost(value[FileScheme.Length..]) is { } path ? FileScheme + path
        : null;
}
