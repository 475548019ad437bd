using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Engine;

namespace Octavo.EngineBench.Overhead;

/// <summary>What scheduler and block pool cost of a step, and what a step allocates, in steady decoding.</summary>
internal static class OverheadExperiment
{
    private const int PromptTokens = 64;

    /// <summary>Six blocks' length, so that allocating and hashing blocks is part of what is measured.</summary>
    private const int MeasuredSteps = 96;

    private static readonly (string Name, SamplingParams Sampling)[] Samplings =
    [
        ("greedy", new SamplingParams { Temperature = 0 }),
        ("temperature 1", new SamplingParams { Seed = 5 }),
        ("top_p 0.9, top_k 50, penalties", new SamplingParams { Seed = 5, Temperature = 0.8f, TopP = 0.9f, TopK = 50, PresencePenalty = 0.5f, RepetitionPenalty = 1.1f }),
    ];

    public static ExperimentResult Run(BenchOptions options)
    {
        using var harness = new EngineHarness(options.Engine with { MaxNumSeqs = 256 }, options.WarmUpSeconds);
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var rows = new List<string[]>();
        var random = new Random(13);
        foreach (var streams in options.Short ? [256] : (int[])[1, 8, 32, 128, 256])
        {
            foreach (var (name, sampling) in streams == 256 && !options.Short ? Samplings : Samplings[..1])
            {
                Measure(harness, streams, sampling, random);
                var runs = Enumerable.Range(0, options.Rounds).Select(_ => Measure(harness, streams, sampling, random)).ToList();
                var (step, schedule, share, bytes) = (Medians.Of(runs, r => r.StepMicroseconds), Medians.Of(runs, r => r.ScheduleMicroseconds), Medians.Of(runs, r => r.Share), Medians.Of(runs, r => r.BytesPerToken));
                rows.Add([$"{streams} x {name}", ResultWriter.Text(step, "F0"), ResultWriter.Text(schedule, "F1"), ResultWriter.Text(share * 100, "F2"), ResultWriter.Text(bytes, "F2"), ResultWriter.Text(runs.Max(r => r.BytesPerToken), "F2")]);
                if (name == "greedy")
                {
                    figures[$"schedule_share_{streams}"] = share;
                    figures[$"bytes_per_token_{streams}"] = bytes;
                }
            }
        }

        return new ExperimentResult(
            "overhead", "Scheduler and block pool in a step; bytes allocated on the engine's thread",
            [new ResultTable($"Steady decoding, {MeasuredSteps} steps, prefix caching on", ["running", "step µs", "scheduling µs", "share %", "bytes/token", "worst round"], rows)], figures);
    }

    private static (double StepMicroseconds, double ScheduleMicroseconds, double Share, double BytesPerToken) Measure(EngineHarness harness, int streams, SamplingParams sampling, Random random)
    {
        for (var i = 0; i < streams; i++)
        {
            harness.Add(harness.Prompt(PromptTokens, random), sampling with { MaxTokens = MeasuredSteps + 64, IgnoreEos = true });
        }

        // Steady: all are running, and buffers have grown to their size.
        for (var produced = 0; produced < streams * 20;)
        {
            produced += harness.Step().Count;
        }

        var before = harness.Engine.Stats;
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var tokens = 0;
        for (var i = 0; i < MeasuredSteps; i++)
        {
            tokens += harness.Step().Count;
        }

        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        var after = harness.Engine.Stats;
        if (after.NumRunning != streams || after.NumPreemptions != before.NumPreemptions)
        {
            throw new InvalidOperationException($"not steady: {after.NumRunning} of {streams} requests ran to the end");
        }

        var (step, schedule) = (after.StepSeconds - before.StepSeconds, after.ScheduleSeconds - before.ScheduleSeconds);
        harness.Drain();
        return (step / MeasuredSteps * 1e6, schedule / MeasuredSteps * 1e6, schedule / step, (double)bytes / tokens);
    }
}
