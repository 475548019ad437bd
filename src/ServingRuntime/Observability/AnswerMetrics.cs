using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Observability;

/// <summary>A request's timings in its answer, vLLM's names (docs/features/per_request_metrics.md). Of several answers: the first token of any, the longest generation, all tokens.</summary>
internal sealed record AnswerMetrics(double? TimeToFirstTokenMs, double GenerationTimeMs, double QueueTimeMs, double? MeanItlMs, double? TokensPerSecond)
{
    public static AnswerMetrics? From(IReadOnlyCollection<RequestMetrics> answers)
    {
        if (answers.Count == 0)
        {
            return null;
        }

        var generation = answers.Max(a => a.GenerationTime);
        // The first token of each answer is made before its generation time begins.
        var later = answers.Sum(a => Math.Max(0, a.GeneratedTokens - 1));
        return new AnswerMetrics(
            Milliseconds(answers.Min(a => a.TimeToFirstToken)),
            Milliseconds(generation)!.Value,
            Milliseconds(answers.Min(a => a.QueueTime))!.Value,
            later > 0 ? Milliseconds(TimeSpan.FromTicks(answers.Sum(a => a.GenerationTime.Ticks) / later)) : null,
            generation > TimeSpan.Zero ? Math.Round(later / generation.TotalSeconds, 2) : null);
    }

    private static double? Milliseconds(TimeSpan? time) => time is { } given ? Math.Round(given.TotalMilliseconds, 3) : null;
}
