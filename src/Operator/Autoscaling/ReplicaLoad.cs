using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>The load of one replica: what its <c>/metrics</c> told, and what its counters did within the last minute.</summary>
/// <param name="Waiting">Requests that wait for admission.</param>
/// <param name="Running">Requests in the running batch.</param>
/// <param name="KVCacheUsage">Blocks in use, 0..1; blocks that are only cached count as free.</param>
/// <param name="CacheHitRate">Share of prompt tokens found in the prefix cache, 0..1; null while unknown.</param>
/// <param name="UncachedQueuedTokens">Prompt tokens of waiting requests that no cached block covers; null while unknown.</param>
internal sealed record ReplicaLoad(double Waiting, double Running, double KVCacheUsage, double? CacheHitRate, double? UncachedQueuedTokens)
{
    /// <summary>Null before the second answer.</summary>
    public ReplicaRates? Rates { get; init; }

    /// <inheritdoc cref="ReplicaReading.WarmUpSeconds"/>
    public double? WarmUpSeconds { get; init; }

    /// <summary>Whether the runtime's metrics cannot tell the uncached tokens of waiting requests, nor let them be estimated.</summary>
    public bool LacksUncachedTokens { get; init; }

    /// <summary>Whether the runtime's metrics do not tell the time to the first token.</summary>
    public bool LacksTimeToFirstToken { get; init; }

    /// <summary>
    /// Rates of the window come first, then what the runtime says of itself over a time of its own. Uncached tokens that the runtime does not
    /// tell are estimated: waiting requests, of the mean length, less what the cache is likely to cover.
    /// </summary>
    public static ReplicaLoad Of(ReplicaReading reading, ReplicaRates? rates)
    {
        var hitRate = rates?.CacheHitRate ?? reading.CacheHitRate;
        var estimate = reading.Waiting == 0 ? 0 : reading.Waiting * rates?.MeanPromptTokens * (1 - (hitRate ?? 0));
        return new ReplicaLoad(reading.Waiting, reading.Running, reading.KVCacheUsage, hitRate, reading.UncachedQueuedTokens ?? estimate)
        {
            Rates = rates,
            WarmUpSeconds = reading.WarmUpSeconds,
            LacksUncachedTokens = reading.UncachedQueuedTokens is null && reading.Counters.Prompts is null,
            LacksTimeToFirstToken = reading.Counters.TimeToFirstToken is null,
        };
    }
}
