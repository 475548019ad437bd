using Octavo.ServingRuntime.Engine;

namespace Octavo.EngineBench.Batching;

/// <summary>One pass over a set of requests under one policy.</summary>
/// <param name="UsefulTokens">Tokens that somebody asked for.</param>
/// <param name="MeanCompletionSeconds">Over the requests, from the beginning, at which all are known, until an answer is given out.</param>
internal sealed record BatchingRun(long UsefulTokens, int Steps, double Seconds, double CpuSeconds, double MeanCompletionSeconds)
{
    public double TokensPerSecond => UsefulTokens / Seconds;

    public double TokensPerCpuSecond => UsefulTokens / CpuSeconds;

    public static BatchingRun Of(EngineHarness harness, BatchingPolicy policy, IReadOnlyList<(int[] Prompt, int Outputs)> requests, int slots)
    {
        var start = harness.Time.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var steps = 0;
        var completion = 0.0;
        foreach (var batch in policy == BatchingPolicy.Continuous ? [requests.ToArray()] : requests.Chunk(slots))
        {
            var longest = batch.Max(r => r.Outputs);
            foreach (var (prompt, outputs) in batch)
            {
                harness.Add(prompt, new SamplingParams { Temperature = 0, IgnoreEos = true, MaxTokens = policy == BatchingPolicy.StaticPadded ? longest : outputs });
            }

            while (harness.Engine.HasUnfinishedRequests)
            {
                var ended = harness.Step().Count(o => o.FinishReason is not null);
                steps++;
                completion += policy == BatchingPolicy.Continuous ? ended * harness.Time.GetElapsedTime(start).TotalSeconds : 0;
            }

            // A static batch's answers are given out together.
            completion += policy == BatchingPolicy.Continuous ? 0 : batch.Length * harness.Time.GetElapsedTime(start).TotalSeconds;
        }

        return new BatchingRun(
            requests.Sum(r => (long)r.Outputs), steps, harness.Time.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, completion / requests.Count);
    }
}
