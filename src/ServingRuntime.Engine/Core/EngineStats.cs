namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The scheduler's state after a step. Counters are totals since start.</summary>
public readonly record struct EngineStats
{
    public int NumRunning { get; init; }
    public int NumWaiting { get; init; }

    /// <summary>0..1, blocks in use.</summary>
    public double KVCacheUsage { get; init; }

    /// <summary>Tokens, once per request at first admission.</summary>
    public long PrefixCacheQueries { get; init; }
    public long PrefixCacheHits { get; init; }
    public long NumPreemptions { get; init; }
    public long RecomputedTokens { get; init; }
    public long UncachedQueuedTokens { get; init; }

    /// <summary>0..1 over the last thousand admissions.</summary>
    public double RecentCacheHitRate { get; init; }

    /// <summary>Tokens computed by the last step.</summary>
    public int StepTokens { get; init; }
}
