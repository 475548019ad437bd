using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Bounds and targets within which the operator chooses the number of replicas.</summary>
[ValidationRule("self.minReplicas <= self.maxReplicas", "minReplicas must not exceed maxReplicas")]
public sealed record AutoscalingSpec
{
    /// <summary>Fewest replicas.</summary>
    [Schema(Minimum = 1, Maximum = 1000, DefaultJson = "1")]
    public int? MinReplicas { get; init; }

    /// <summary>Most replicas.</summary>
    [Schema(Minimum = 1, Maximum = 1000)]
    public required int MaxReplicas { get; init; }

    /// <summary>What a replica should carry. The signal that asks for the most replicas decides.</summary>
    public AutoscalingTargetsSpec? Targets { get; init; }

    /// <summary>
    /// Share in percent by which the load may exceed its target before replicas are added. After a removal those that remain keep as much free, and
    /// never less than 30. Absent: 10.
    /// </summary>
    [Schema(Minimum = 0, Maximum = 90)]
    public int? TolerancePercent { get; init; }

    /// <summary>How long a new replica counts as cold: its cache is empty, so that its latency and uncached tokens add no replicas and none is removed. Absent: 30, or the scale-down window where that is shorter.</summary>
    [Schema(Minimum = 0, Maximum = 3600)]
    public int? WarmUpSeconds { get; init; }

    /// <summary>How fast replicas are added. Absent: at once, without a limit but maxReplicas.</summary>
    public ScalingRulesSpec? ScaleUp { get; init; }

    /// <summary>How fast replicas are removed. Absent: once 300 seconds have shown that fewer suffice.</summary>
    public ScalingRulesSpec? ScaleDown { get; init; }
}

/// <summary>What a replica should carry.</summary>
public sealed record AutoscalingTargetsSpec
{
    /// <summary>Mean number of waiting requests per replica that is accepted. Absent: 4.</summary>
    [Schema(Minimum = 1, Maximum = 100_000)]
    public int? QueueDepth { get; init; }

    /// <summary>Mean use of the replicas' KV cache in percent that is accepted. Absent: use does not add replicas.</summary>
    [Schema(Minimum = 1, Maximum = 100)]
    public int? KVCacheUtilization { get; init; }

    /// <summary>Waiting prompt tokens per replica that no cache covers and that are accepted. Absent: they do not add replicas.</summary>
    [Schema(Minimum = 1, Maximum = 100_000_000)]
    public int? UncachedPrefillTokens { get; init; }

    /// <summary>Milliseconds until the first token that are accepted, as the 90th percentile of the last minute. Absent: the time does not add replicas.</summary>
    [Schema(Minimum = 1, Maximum = 3_600_000)]
    public int? TimeToFirstTokenMilliseconds { get; init; }
}

/// <summary>How fast the number of replicas changes in one direction.</summary>
public sealed record ScalingRulesSpec
{
    /// <summary>How long the wish must have held. Absent: 0 up, 300 down.</summary>
    [Schema(Minimum = 0, Maximum = 86_400)]
    public int? StabilizationSeconds { get; init; }

    /// <summary>Replicas by which the number may change within a minute. Absent: no limit.</summary>
    [Schema(Minimum = 1, Maximum = 1000)]
    public int? MaxReplicasPerMinute { get; init; }
}
