namespace Octavo.Operator.Scraping;

/// <summary>One answer of a replica's <c>/metrics</c>.</summary>
/// <param name="Waiting">Requests that wait for admission.</param>
/// <param name="Running">Requests in the running batch.</param>
/// <param name="KVCacheUsage">Share of the KV cache in use, 0..1.</param>
internal sealed record ReplicaReading(double Waiting, double Running, double KVCacheUsage)
{
    /// <summary>The runtime's own hit rate, 0..1, over a time that it chooses; null where it tells none.</summary>
    public double? CacheHitRate { get; init; }

    /// <summary>Prompt tokens of waiting requests that no cached block covers; null where the runtime does not tell them.</summary>
    public double? UncachedQueuedTokens { get; init; }

    /// <summary>How long the runtime's own requests took before it was ready; null where it does not tell.</summary>
    public double? WarmUpSeconds { get; init; }

    public ReplicaCounters Counters { get; init; } = new();
}
