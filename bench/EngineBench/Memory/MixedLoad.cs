using Octavo.EngineBench.Batching;

namespace Octavo.EngineBench.Memory;

/// <summary>Chat traffic: the shape of Azure's conversations of 2023 (mean 1155 in, 211 out), a third as long to fit the tiny model's context.</summary>
internal static class MixedLoad
{
    public const int MaxModelLen = 1664;

    private static readonly LengthMix Inputs = new("input", 384, 0.9, 1200);
    private static readonly LengthMix Outputs = new("output", 70, 0.8, 400);

    /// <summary>Adds the requests and runs them to the end.</summary>
    /// <param name="afterStep">Called after each step.</param>
    public static MixedLoadRun Run(EngineHarness harness, int requests, int seed, Action afterStep)
    {
        var random = new Random(seed);
        for (var i = 0; i < requests; i++)
        {
            harness.Add(harness.Prompt(Inputs.Draw(random), random), Outputs.Draw(random));
        }

        var before = harness.Engine.Stats;
        var start = harness.Time.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var tokens = 0;
        while (harness.Engine.HasUnfinishedRequests)
        {
            tokens += harness.Step().Count;
            afterStep();
        }

        var after = harness.Engine.Stats;
        return new MixedLoadRun(
            tokens, harness.Time.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, after.NumPreemptions - before.NumPreemptions, after.RecomputedTokens - before.RecomputedTokens);
    }
}
