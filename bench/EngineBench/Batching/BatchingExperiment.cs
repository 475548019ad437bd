using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Batching;

/// <summary>
/// Continuous batching (Orca, OSDI 2022) against static batching: the same engine, the same slots, the same requests in the same order, all known from the beginning.
/// </summary>
internal static class BatchingExperiment
{
    private const int PromptTokens = 32;

    /// <summary>
    /// The mean is small, for a tiny model; the shapes are those of public traces. For 32 requests the longest by the mean is 2.7 in Azure's conversations of 2023,
    /// 3.0 in Mooncake's, 5.9 in ServeGen's DeepSeek-R1 and 6.0 in its m-large.
    /// </summary>
    private static readonly LengthMix[] Mixes =
    [
        new("lognormal, sigma 1", 64, 1, 1024),
        new("exponential", 64, null, 1024),
        new("lognormal, sigma 0.6", 64, 0.6, 1024),
    ];

    public static ExperimentResult Run(BenchOptions options, int slots)
    {
        using var harness = new EngineHarness(options.Engine with { EnablePrefixCaching = false, MaxNumSeqs = slots }, options.WarmUpSeconds);
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var tables = new List<ResultTable>();
        foreach (var mix in options.Short ? Mixes[..1] : Mixes)
        {
            tables.Add(Compare(harness, options, mix, slots, figures));
        }

        tables.Add(CompareArrivals(harness, options, Mixes[0], slots, figures));

        return new ExperimentResult("batching", $"Continuous against static batching, {slots} slots", tables, figures);
    }

    private static ResultTable Compare(EngineHarness harness, BenchOptions options, LengthMix mix, int slots, Dictionary<string, double> figures)
    {
        BatchingPolicy[] policies = [BatchingPolicy.Continuous, BatchingPolicy.StaticIdle, BatchingPolicy.StaticPadded];
        var runs = policies.ToDictionary(p => p, _ => new List<BatchingRun>());
        var longest = new List<double>();
        for (var round = 0; round < options.Rounds; round++)
        {
            var random = new Random(1000 + round);
            var requests = Enumerable.Range(0, slots * (options.Short ? 8 : 16)).Select(_ => (harness.Prompt(PromptTokens, random), mix.Draw(random))).ToList();
            longest.Add(requests.Chunk(slots).Average(batch => batch.Max(r => r.Item2)) / requests.Average(r => r.Item2));
            // In turn within a round, so that a machine that drifts does so for all.
            foreach (var policy in policies)
            {
                runs[policy].Add(BatchingRun.Of(harness, policy, requests, slots));
            }
        }

        var continuous = runs[BatchingPolicy.Continuous];
        var rows = new List<string[]>();
        foreach (var policy in policies)
        {
            var own = runs[policy];
            var ratios = continuous.Zip(own, (c, o) => (Wall: c.TokensPerSecond / o.TokensPerSecond, Cpu: c.TokensPerCpuSecond / o.TokensPerCpuSecond, Steps: (double)o.Steps / c.Steps)).ToList();
            var (wall, cpu, steps) = (Medians.Of(ratios, r => r.Wall), Medians.Of(ratios, r => r.Cpu), Medians.Of(ratios, r => r.Steps));
            rows.Add([
                policy switch { BatchingPolicy.Continuous => "continuous", BatchingPolicy.StaticIdle => "static, ended rows idle", _ => "static, ended rows computed" },
                ResultWriter.Text(Medians.Of(own, r => r.TokensPerSecond), "F0"), ResultWriter.Text(Medians.Of(own, r => r.Steps), "F0"), ResultWriter.Text(Medians.Of(own, r => r.MeanCompletionSeconds), "F2"),
                ResultWriter.Text(wall, "F2"), ResultWriter.Text(cpu, "F2"), ResultWriter.Text(steps, "F2"),
            ]);
            if (policy != BatchingPolicy.Continuous)
            {
                var name = $"{(policy == BatchingPolicy.StaticIdle ? "idle" : "computed")}_{mix.Name.Replace(", ", "_", StringComparison.Ordinal).Replace(' ', '_')}";
                figures[$"speedup_{name}"] = wall;
                figures[$"speedup_cpu_{name}"] = cpu;
                figures[$"fewer_steps_{name}"] = steps;
            }
        }

        return new ResultTable(
            $"Output lengths {mix.Name}, mean {mix.Mean}, cut at {mix.Max}; longest of {slots} by mean {ResultWriter.Text(Medians.Of(longest, l => l), "F2")}",
            ["policy", "tok/s asked for", "steps", "mean completion s", "speedup", "by CPU time", "fewer steps"], rows,
            "speedup: of continuous over this policy, median of the rounds' ratios");
    }

    /// <summary>Below what either policy can bear, so that what differs is the waiting and not the throughput.</summary>
    private static ResultTable CompareArrivals(EngineHarness harness, BenchOptions options, LengthMix mix, int slots, Dictionary<string, double> figures)
    {
        const double Load = 0.5;
        var runs = new List<(ArrivalRun Continuous, ArrivalRun Static)>();
        for (var round = 0; round < options.Rounds; round++)
        {
            var random = new Random(2000 + round);
            var requests = Enumerable.Range(0, slots * (options.Short ? 4 : 8)).Select(_ => (harness.Prompt(PromptTokens, random), mix.Draw(random))).ToList();
            var rate = Load * requests.Count / BatchingRun.Of(harness, BatchingPolicy.Continuous, requests, slots).Seconds;
            runs.Add((ArrivalRun.Of(harness, false, requests, slots, rate, round), ArrivalRun.Of(harness, true, requests, slots, rate, round)));
        }

        figures["ttft_p50_by_static"] = Medians.Of(runs, r => ArrivalRun.Percentile(r.Static.FirstToken, 50) / ArrivalRun.Percentile(r.Continuous.FirstToken, 50));
        figures["ttft_p99_by_static"] = Medians.Of(runs, r => ArrivalRun.Percentile(r.Static.FirstToken, 99) / ArrivalRun.Percentile(r.Continuous.FirstToken, 99));
        return new ResultTable(
            $"Poisson arrivals at {Load:P0} of what continuous batching bears, lengths {mix.Name}: milliseconds since the arrival", ["policy", "first token p50", "p99", "end p50", "p99"],
            [Row("continuous", r => r.Continuous), Row("static, ended rows idle", r => r.Static)]);

        string[] Row(string name, Func<(ArrivalRun Continuous, ArrivalRun Static), ArrivalRun> which) =>
        [
            name,
            .. new[] { (50, true), (99, true), (50, false), (99, false) }.Select(c =>
                ResultWriter.Text(Medians.Of(runs, r => 1000 * ArrivalRun.Percentile(c.Item2 ? which(r).FirstToken : which(r).Completion, c.Item1)), "F1")),
        ];
    }
}
