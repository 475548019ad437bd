namespace Octavo.Operator.Entities;

/// <summary>One change of the number of replicas, with what it was decided from.</summary>
public sealed record ScalingDecision
{
    /// <summary>When it was decided.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Replicas before.</summary>
    public required int From { get; init; }

    /// <summary>Replicas after.</summary>
    public required int To { get; init; }

    /// <summary>The deciding signal: QueueDepth, KVCacheUtilization, UncachedPrefillTokens, TimeToFirstToken, LowLoad or Bounds.</summary>
    public required string Reason { get; init; }

    /// <summary>The reason in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>The sums and means over the replicas that the decision was computed from.</summary>
    public ScalingInputs? Inputs { get; init; }
}
