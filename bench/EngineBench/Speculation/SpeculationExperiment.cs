using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.EngineBench.Speculation;

/// <summary>
/// Prompt lookup on and off: the same requests, the same tokens (checked). Repetitive: the prompt is a passage said several times, as where a text is edited or quoted, and the
/// model goes on with it. Ordinary: random prompts, sampled, where little repeats; there drafts can only cost.
/// </summary>
internal static class SpeculationExperiment
{
    private const int OutputTokens = 192;
    private const int PassageTokens = 24;
    private const int Repetitions = 8;

    public static ExperimentResult Run(BenchOptions options)
    {
        var engine = options.Engine with { EnablePrefixCaching = false, MaxNumSeqs = 16 };
        using var without = new EngineHarness(engine, options.WarmUpSeconds / 2);
        using var with = new EngineHarness(engine with { Speculative = new SpeculativeOptions() }, options.WarmUpSeconds / 2);
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var rows = new List<string[]>();
        foreach (var repetitive in (bool[])[true, false])
        {
            foreach (var streams in options.Short ? [1] : (int[])[1, 4, 8])
            {
                Pass(with, streams, repetitive, 0);
                Pass(without, streams, repetitive, 0);
                var pairs = Enumerable.Range(1, options.Rounds).Select(round => (Off: Pass(without, streams, repetitive, round), On: Pass(with, streams, repetitive, round))).ToList();
                if (pairs.Exists(p => !p.Off.Tokens.Zip(p.On.Tokens).All(t => t.First.SequenceEqual(t.Second))))
                {
                    throw new InvalidOperationException("speculation has changed tokens");
                }

                var speedup = Medians.Of(pairs, p => p.On.TokensPerSecond / p.Off.TokensPerSecond);
                rows.Add([
                    $"{(repetitive ? "repetitive" : "ordinary")}, {streams}",
                    ResultWriter.Text(Medians.Of(pairs, p => p.Off.TokensPerSecond), "F0"), ResultWriter.Text(Medians.Of(pairs, p => p.On.TokensPerSecond), "F0"), ResultWriter.Text(speedup, "F2"),
                    ResultWriter.Text(Medians.Of(pairs, p => p.Off.CpuSeconds / p.On.CpuSeconds), "F2"),
                    ResultWriter.Text(Medians.Of(pairs, p => (double)p.On.Count / p.On.Steps / streams), "F2"),
                    ResultWriter.Text(Medians.Of(pairs, p => (double)p.On.Drafted / p.On.Count), "F2"),
                    ResultWriter.Text(Medians.Of(pairs, p => p.On.Drafted == 0 ? 0 : 100.0 * p.On.Accepted / p.On.Drafted), "F0"),
                ]);
                figures[$"speedup_{(repetitive ? "repetitive" : "ordinary")}_{streams}"] = speedup;
            }
        }

        return new ExperimentResult(
            "speculation", "Speculative decoding by prompt lookup",
            [new ResultTable("Output tokens per second without and with", ["workload, streams", "without", "with", "speedup", "by CPU time", "tokens a step", "drafts a token", "accepted %"], rows, "the tokens are the same, which is checked in every round")], figures);
    }

    private static SpeculationRun Pass(EngineHarness harness, int streams, bool repetitive, int round)
    {
        var random = new Random((round * 31) + 5);
        var answers = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < streams; i++)
        {
            int[] prompt = repetitive
                ? [.. Enumerable.Repeat(harness.Prompt(PassageTokens, random), Repetitions).SelectMany(p => p)]
                : harness.Prompt(PassageTokens * Repetitions, random);
            var sampling = new SamplingParams { Temperature = repetitive ? 0 : 1, Seed = i, MaxTokens = OutputTokens, IgnoreEos = true };
            answers.Add(harness.Add(prompt, sampling), []);
        }

        var before = (harness.Engine.Stats.Speculation?.NumDraftTokens ?? 0, harness.Engine.Stats.Speculation?.NumAcceptedTokens ?? 0);
        var start = harness.Time.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var steps = 0;
        while (harness.Engine.HasUnfinishedRequests)
        {
            foreach (var output in harness.Step())
            {
                answers[output.RequestId].Add(output.NewTokenId!.Value);
            }

            steps++;
        }

        var seconds = harness.Time.GetElapsedTime(start).TotalSeconds;
        var stats = harness.Engine.Stats.Speculation;
        return new SpeculationRun(
            [.. answers.Values.Select(a => a.ToArray())], steps, seconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, (stats?.NumDraftTokens ?? 0) - before.Item1, (stats?.NumAcceptedTokens ?? 0) - before.Item2);
    }
}
