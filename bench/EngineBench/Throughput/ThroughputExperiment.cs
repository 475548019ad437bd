using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Throughput;

/// <summary>Tokens per second by number of streams, without HTTP.</summary>
internal static class ThroughputExperiment
{
    private static readonly Workload[] Workloads =
    [
        new("decode, 1 stream", 1, 16, 256),
        new("decode, 8 streams", 8, 16, 256),
        new("decode, 32 streams", 32, 16, 256),
        new("decode, 256 streams", 256, 16, 64),
        new("prefill 512", 1, 512, 1),
        new("prefill 8 x 512", 8, 512, 1),
        new("mixed, 32 x (256 + 64)", 32, 256, 64),
    ];

    /// <param name="only">Part of the names of the workloads to run.</param>
    /// <param name="given">One workload instead of those.</param>
    public static ExperimentResult Run(BenchOptions options, string only, Workload? given = null)
    {
        using var harness = new EngineHarness(options.Engine with { EnablePrefixCaching = false }, options.WarmUpSeconds);
        var random = new Random(11);
        var rows = new List<string[]>();
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var workload in given is not null ? [given] : Workloads.Where(w => w.Name.Contains(only, StringComparison.Ordinal)))
        {
            Measurement.Run(harness, workload, random);
            var runs = Enumerable.Range(0, options.Rounds).Select(_ => Measurement.Run(harness, workload, random)).ToList();
            double[] values =
            [
                Medians.Of(runs, r => r.PromptTokensPerSecond), Medians.Of(runs, r => r.OutputTokensPerSecond), Medians.Of(runs, r => r.StepMicroseconds),
                Medians.Of(runs, r => r.CpuMicrosecondsPerPrompt), Medians.Of(runs, r => r.CpuMicrosecondsPerOutput), Medians.Of(runs, r => r.AllocatedBytesPerToken),
            ];
            rows.Add([workload.Name, .. values.Zip(["F0", "F0", "F1", "F1", "F1", "F0"], ResultWriter.Text)]);
            if (given is not null)
            {
                (figures["prompt_tokens_per_second"], figures["output_tokens_per_second"]) = (values[0], values[1]);
            }

            if (workload.Name.StartsWith("decode", StringComparison.Ordinal))
            {
                figures[$"output_tokens_per_second_{workload.Streams}"] = values[1];
            }
        }

        return new ExperimentResult(
            "throughput", "Engine throughput", [new ResultTable("Greedy, one length, all at once", ["workload", "prompt tok/s", "output tok/s", "step µs", "cpu µs/prompt", "cpu µs/output", "bytes/token"], rows)], figures);
    }
}
