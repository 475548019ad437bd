using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Memory;

/// <summary>What it costs that blocks run out: the mixed load with fewer and fewer of them, against as many as it wants.</summary>
internal static class PreemptionExperiment
{
    private const int BlockSize = 16;

    public static ExperimentResult Run(BenchOptions options)
    {
        var requests = options.Short ? 96 : 192;
        var wanted = 0L;
        using (var harness = Harness(options, null))
        {
            MixedLoad.Run(harness, requests, 19, () => wanted = Math.Max(wanted, harness.Engine.Stats.KVSlots / BlockSize));
        }

        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var rows = new List<string[]>();
        var free = new List<MixedLoadRun>();
        foreach (var part in (double[])[1, 0.7, 0.5, 0.3])
        {
            var blocks = Math.Max((int)(wanted * part), MixedLoad.MaxModelLen / BlockSize) + 1;
            // Ample: the watermark, too, is beyond what is wanted.
            using var harness = Harness(options, part == 1 ? blocks * 2 : blocks);
            MixedLoad.Run(harness, requests / 4, 23, () => { });
            var runs = Enumerable.Range(0, options.Rounds).Select(round => MixedLoad.Run(harness, requests, 100 + round, () => { })).ToList();
            if (part == 1)
            {
                free = runs;
            }

            var slower = Medians.Of(free.Zip(runs, (a, b) => b.TokensPerSecond / a.TokensPerSecond).ToList(), r => r);
            var cpu = Medians.Of(free.Zip(runs, (a, b) => b.CpuSeconds / a.CpuSeconds).ToList(), r => r);
            rows.Add([
                part == 1 ? "ample" : $"{part * 100:F0} % of what is wanted", $"{blocks - 1}", ResultWriter.Text(Medians.Of(runs, r => r.Preemptions), "F0"), ResultWriter.Text(Medians.Of(runs, r => r.RecomputedTokens), "F0"),
                ResultWriter.Text(Medians.Of(runs, r => r.TokensPerSecond), "F0"), ResultWriter.Text(slower, "F2"), ResultWriter.Text(cpu, "F2"),
            ]);
            figures[$"preempted_throughput_{part * 100:F0}"] = slower;
        }

        return new ExperimentResult(
            "preemption", "Preemption by recompute",
            [new ResultTable($"Mixed load of {requests} requests, 64 at once", ["KV blocks", "number", "preemptions", "tokens recomputed", "output tok/s", "by ample", "CPU by ample"], rows)], figures);
    }

    private static EngineHarness Harness(BenchOptions options, int? blocks) =>
        new(options.Engine with { BlockSize = BlockSize, MaxNumSeqs = 64, MaxModelLen = MixedLoad.MaxModelLen, NumBlocksOverride = blocks }, options.WarmUpSeconds / 4);
}
