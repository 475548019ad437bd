using System.Text.RegularExpressions;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>Reads what the assembler says of each kernel with -v.</summary>
internal static partial class PtxasLog
{
    public static IReadOnlyList<KernelUsage> Parse(string log)
    {
        var kernels = new List<KernelUsage>();
        string? kernel = null;
        var spills = 0;
        foreach (var line in log.Split('\n'))
        {
            if (Entry().Match(line) is { Success: true } entry)
            {
                (kernel, spills) = (entry.Groups[1].Value, 0);
            }
            else if (Spills().Match(line) is { Success: true } spill)
            {
                spills = Number(spill.Groups[1]) + Number(spill.Groups[2]);
            }
            else if (kernel is not null && Registers().Match(line) is { Success: true } registers)
            {
                kernels.Add(new KernelUsage(kernel, Number(registers.Groups[1]), spills, Shared().Match(line) is { Success: true } shared ? Number(shared.Groups[1]) : 0));
                kernel = null;
            }
        }

        return kernels;
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("Compiling entry function '([^']+)'", RegexOptions.None, 1000)]
    private static partial Regex Entry();

    [GeneratedRegex("([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads", RegexOptions.None, 1000)]
    private static partial Regex Spills();

    [GeneratedRegex("Used ([0-9]+) registers", RegexOptions.None, 1000)]
    private static partial Regex Registers();

    [GeneratedRegex("([0-9]+) bytes smem", RegexOptions.None, 1000)]
    private static partial Regex Shared();
}
