using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>Kernels alone, by shape, rows and instruction set, beside what the machine can do at most.</summary>
internal static class KernelsExperiment
{
    private static readonly IKernelTable[] Tables = [new DenseTable(), new QuantizedTable(), new AttentionTable(), new RowTable()];

    /// <param name="rows">Numbers of rows separated by commas.</param>
    /// <param name="tables">Names separated by commas; empty: all.</param>
    /// <param name="only">Part of the names of cases.</param>
    public static ExperimentResult Run(BenchOptions options, string rows, string tables, string only)
    {
        IReadOnlyList<CpuInstructionSet> sets = options.CpuInstructions == "all"
            ? [.. Enum.GetValues<CpuInstructionSet>().Where(set => set.IsSupported())]
            : [.. options.CpuInstructions.Split(',').Select(name => CpuInstructionSets.TryParse(name, out var set, out var fault) ? set : throw new ArgumentException(fault))];
        var wanted = tables.Split(',', StringSplitOptions.RemoveEmptyEntries);
        var chosen = Tables.Where(table => wanted.Length == 0 || wanted.Contains(table.Name, StringComparer.Ordinal)).ToList();
        var limits = MachineLimits.Measure(options);
        var bench = new KernelBench(options, sets, [.. rows.Split(',').Select(int.Parse)], only, limits.ReadGigabytesPerSecond, TimeProvider.System);
        var figures = new Dictionary<string, double>(StringComparer.Ordinal) { ["read_gb_s"] = limits.ReadGigabytesPerSecond, ["fma_gflops"] = limits.FmaGigaflops };
        return new ExperimentResult("kernels", "Kernels", [limits.Table(), .. chosen.SelectMany(table => table.Measure(bench))], figures);
    }
}
