using System.Globalization;

namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>The processor time that control groups leave to a process: the least of its own and of all groups above, versions 1 and 2.</summary>
internal static class CgroupQuota
{
    private const string Mount = "sys/fs/cgroup";

    /// <summary>In CPUs; null: as much as there is.</summary>
    /// <param name="root">The folder that holds proc and sys: "/".</param>
    public static double? Read(string root)
    {
        double? least = null;
        foreach (var line in (SystemFile.Read(Path.Combine(root, "proc/self/cgroup")) ?? string.Empty).Split('\n'))
        {
            // "0::/path" or "4:cpu,cpuacct:/path"
            var fields = line.Split(':', 3);
            if (fields.Length < 3)
            {
                continue;
            }

            var controllers = fields[1].Split(',');
            if (fields[1].Length == 0)
            {
                least = Least(least, Walk(Path.Combine(root, Mount), fields[2], UnifiedQuota));
            }
            else if (controllers.Contains("cpu", StringComparer.Ordinal))
            {
                // The mount has the controllers' names, or a link has this one's.
                var mount = Path.Combine(root, Mount, fields[1]);
                least = Least(least, Walk(Directory.Exists(mount) ? mount : Path.Combine(root, Mount, "cpu"), fields[2], Quota));
            }
        }

        return least;
    }

    /// <summary>From a group up to the mount. Groups that a container does not see are not there.</summary>
    private static double? Walk(string mount, string group, Func<string, double?> read)
    {
        var least = read(mount);
        var folder = mount;
        foreach (var name in group.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            folder = Path.Combine(folder, name);
            least = name == ".." ? least : Least(least, read(folder));
        }

        return least;
    }

    private static double? UnifiedQuota(string folder)
    {
        // "max 100000" or "250000 100000"
        var fields = (SystemFile.Read(Path.Combine(folder, "cpu.max")) ?? string.Empty).Split(' ', StringSplitOptions.TrimEntries);
        return fields.Length == 2 ? Ratio(fields[0], fields[1]) : null;
    }

    private static double? Quota(string folder) =>
        SystemFile.Read(Path.Combine(folder, "cpu.cfs_quota_us")) is { } quota && SystemFile.Read(Path.Combine(folder, "cpu.cfs_period_us")) is { } period
            ? Ratio(quota.Trim(), period.Trim())
            : null;

    /// <summary>Null where there is no limit: "max", or -1.</summary>
    private static double? Ratio(string quota, string period) =>
        long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
        && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var each) && each > 0
            ? (double)time / each
            : null;

    private static double? Least(double? a, double? b) => a is null || b < a ? b : a;
}
