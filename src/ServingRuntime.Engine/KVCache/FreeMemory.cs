using System.Globalization;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>Memory that this process may still take: what the machine has available, or what its cgroups (v2) leave, whichever is less.</summary>
public static class FreeMemory
{
    /// <param name="root">Root of the file system; tests give their own.</param>
    /// <returns>Bytes; null where the system does not say.</returns>
    public static long? Measure(string root = "/")
    {
        var available = MachineAvailable(Path.Combine(root, "proc/meminfo"));
        var group = GroupAvailable(root);
        return available is { } a && group is { } g ? Math.Min(a, g) : available ?? group;
    }

    private static long? MachineAvailable(string meminfo)
    {
        const string field = "MemAvailable:";
        var line = ReadLines(meminfo).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        var kibibytes = line?[field.Length..].Replace("kB", "", StringComparison.Ordinal);
        return Number(kibibytes) * 1024;
    }

    /// <summary>The tightest of the process's cgroup and those above it.</summary>
    private static long? GroupAvailable(string root)
    {
        var mount = Path.Combine(root, "sys/fs/cgroup");
        var own = ReadLines(Path.Combine(root, "proc/self/cgroup")).FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal));
        long? least = null;
        for (var path = own?[4..]; path is not null; path = path.Length == 0 ? null : Path.GetDirectoryName(path))
        {
            var folder = Path.Combine(mount, path);
            var limit = Number(ReadLines(Path.Combine(folder, "memory.max")).FirstOrDefault());
            var current = Number(ReadLines(Path.Combine(folder, "memory.current")).FirstOrDefault());
            if (limit is { } max && current is { } now)
            {
                least = Math.Min(least ?? long.MaxValue, Math.Max(0, max - now));
            }
        }

        return least;
    }

    /// <summary>Null for anything else, "max" (no limit) included.</summary>
    private static long? Number(string? text) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IEnumerable<string> ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
