namespace Octavo.Operator.Entities;

/// <summary>The sums and means over the replicas that a decision was computed from.</summary>
public sealed record ScalingInputs
{
    /// <summary>Replicas that were ready.</summary>
    public int? ReadyReplicas { get; init; }

    /// <summary>Ready replicas whose load was known.</summary>
    public int? SampledReplicas { get; init; }

    /// <summary>Ready replicas whose cache was still cold; absent where all were warm.</summary>
    public int? ColdReplicas { get; init; }

    /// <summary>Requests that waited, over all sampled replicas.</summary>
    public int? WaitingRequests { get; init; }

    /// <summary>Requests that ran, over all sampled replicas.</summary>
    public int? RunningRequests { get; init; }

    /// <summary>Requests that one replica could run at a time.</summary>
    public int? SlotsPerReplica { get; init; }

    /// <summary>Mean use of the KV cache in percent.</summary>
    public int? KVCachePercent { get; init; }

    /// <summary>Share of the last minute's prompt tokens that were found in the prefix cache, in percent; absent while unknown.</summary>
    public int? CacheHitPercent { get; init; }

    /// <summary>Prompt tokens of waiting requests that no cached block covers, as the runtime tells or its counters let estimate; absent while unknown.</summary>
    public long? UncachedQueuedTokens { get; init; }

    /// <summary>Prompt tokens a second of the last minute, over all sampled replicas; absent while unknown.</summary>
    public long? PromptTokensPerSecond { get; init; }

    /// <summary>Prompt tokens a second of the last minute that had to be computed, over all sampled replicas; absent while unknown.</summary>
    public long? UncachedTokensPerSecond { get; init; }

    /// <summary>Most uncached prompt tokens a second that one replica was seen to compute while more than its target waited; absent before that was seen.</summary>
    public long? ReplicaPrefillTokensPerSecond { get; init; }

    /// <summary>90th percentile of the last minute's times to the first token; absent without a request.</summary>
    public long? TimeToFirstTokenMilliseconds { get; init; }
}
