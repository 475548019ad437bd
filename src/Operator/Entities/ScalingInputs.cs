namespace Octavo.Operator.Entities;

/// <summary>The sums and means over the replicas that a decision was computed from.</summary>
public sealed record ScalingInputs
{
    /// <summary>Replicas that were ready.</summary>
    public int? ReadyReplicas { get; init; }

    /// <summary>Ready replicas whose load was known.</summary>
    public int? SampledReplicas { get; init; }

    /// <summary>Requests that waited, over all sampled replicas.</summary>
    public int? WaitingRequests { get; init; }

    /// <summary>Requests that ran, over all sampled replicas.</summary>
    public int? RunningRequests { get; init; }

    /// <summary>Requests that one replica could run at a time.</summary>
    public int? SlotsPerReplica { get; init; }

    /// <summary>Mean use of the KV cache in percent.</summary>
    public int? KVCachePercent { get; init; }

    /// <summary>Share of prompt tokens that were found in the prefix cache, in percent; absent while unknown.</summary>
    public int? CacheHitPercent { get; init; }

    /// <summary>Prompt tokens of waiting requests that no cached block covers.</summary>
    public long? UncachedQueuedTokens { get; init; }
}
