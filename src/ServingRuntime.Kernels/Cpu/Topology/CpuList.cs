using System.Globalization;

namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>Sets of CPUs as Linux writes them: "0-3,8,10-11".</summary>
internal static class CpuList
{
    // The kernel has room for 8192.
    private const int Most = 1 << 16;

    /// <summary>In the order that they are written in; what is no list is none.</summary>
    public static IReadOnlyList<int> Parse(string text)
    {
        var cpus = new List<int>();
        foreach (var range in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out var first) || !TryNumber(ends[^1], out var last) || last < first)
            {
                return [];
            }

            cpus.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return cpus;
    }

    /// <summary>Of a file; null: it cannot be read, or there is no list in it.</summary>
    public static IReadOnlyList<int>? Read(string path) => SystemFile.Read(path) is { } text && Parse(text) is { Count: > 0 } cpus ? cpus : null;

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
}
