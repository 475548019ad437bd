namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>How long the stages of one answer took.</summary>
/// <param name="QueueTime">From arrival to admission.</param>
/// <param name="TimeToFirstToken">From arrival to the first token; null where none came.</param>
/// <param name="GenerationTime">From the first token to the last.</param>
/// <param name="GeneratedTokens">All that came.</param>
public sealed record RequestMetrics(TimeSpan QueueTime, TimeSpan? TimeToFirstToken, TimeSpan GenerationTime, int GeneratedTokens)
{
    /// <summary>Between two tokens; null below two.</summary>
    public TimeSpan? MeanInterTokenLatency => GeneratedTokens > 1 ? GenerationTime / (GeneratedTokens - 1) : null;
}
