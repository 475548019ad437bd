using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>What a replica did within a window of time. Null where its metrics do not tell it, or nothing happened that it could be told from.</summary>
internal sealed record ReplicaRates
{
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Prompt tokens that were found in the prefix cache: what the cache saves.</summary>
    public double? CacheHitTokensPerSecond { get; init; }

    /// <summary>Prompt tokens that had to be computed.</summary>
    public double? UncachedTokensPerSecond { get; init; }

    /// <summary>Share of the looked up prompt tokens that were found, 0..1.</summary>
    public double? CacheHitRate { get; init; }

    public double? MeanPromptTokens { get; init; }

    public LatencyHistogram? TimeToFirstToken { get; init; }

    public static ReplicaRates Between(ReplicaCounters before, ReplicaCounters after, TimeSpan span)
    {
        var prompt = after.PromptTokens - before.PromptTokens;
        var queries = after.CacheQueries - before.CacheQueries;
        var hits = after.CacheHits - before.CacheHits;
        // Without a cache nothing is looked up, and every prompt token is computed.
        var lookedUp = queries > 0 ? queries : prompt;
        var prompts = after.Prompts - before.Prompts;
        return new ReplicaRates
        {
            PromptTokensPerSecond = (prompt ?? queries) / span.TotalSeconds,
            CacheHitTokensPerSecond = hits / span.TotalSeconds,
            UncachedTokensPerSecond = lookedUp is { } all ? Math.Max(0, all - (hits ?? 0)) / span.TotalSeconds : null,
            CacheHitRate = queries > 0 && hits is { } found ? Math.Clamp(found / queries.Value, 0, 1) : null,
            // Requests may last longer than the window: then the mean of all so far is the best there is.
            MeanPromptTokens = prompts > 0 ? (after.PromptLengths - before.PromptLengths) / prompts : after.Prompts > 0 ? after.PromptLengths / after.Prompts : null,
            TimeToFirstToken = before.TimeToFirstToken is { } earlier ? after.TimeToFirstToken?.Since(earlier) : null,
        };
    }
}
