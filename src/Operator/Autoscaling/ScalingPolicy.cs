using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>The wishes of spec.autoscaling with every default filled in.</summary>
internal sealed record ScalingPolicy
{
    private static readonly TimeSpan DefaultWarmUp = TimeSpan.FromSeconds(30);

    public required int MinReplicas { get; init; }
    public required int MaxReplicas { get; init; }

    /// <summary>Mean number of waiting requests per replica that is accepted.</summary>
    public int QueueDepth { get; init; } = 4;

    /// <summary>Mean KV use that is accepted, 0..1; null: use adds no replicas.</summary>
    public double? KVCacheUtilization { get; init; }

    /// <summary>Mean number of waiting uncached prompt tokens per replica that is accepted; null: they add no replicas.</summary>
    public int? UncachedPrefillTokens { get; init; }

    /// <summary>The 90th percentile of the time to the first token that is accepted; null: it adds no replicas.</summary>
    public int? TimeToFirstTokenMilliseconds { get; init; }

    /// <summary>Relative overload that is accepted before replicas are added (Kubernetes' HPA: 0.1).</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Requests that a replica can run at a time, when memory does not limit it earlier.</summary>
    public required int SlotsPerReplica { get; init; }

    public TimeSpan ScaleUpWindow { get; init; } = TimeSpan.Zero;
    public TimeSpan ScaleDownWindow { get; init; } = TimeSpan.FromSeconds(300);
    public int? ScaleUpPerMinute { get; init; }
    public int? ScaleDownPerMinute { get; init; }

    /// <summary>The warm-up that the spec asks for; null: the default.</summary>
    public TimeSpan? WishedWarmUp { get; init; }

    /// <summary>How long a replica that became ready does not yet show what it can carry: its cache is cold.</summary>
    public TimeSpan WarmUp => WishedWarmUp ?? (ScaleDownWindow < DefaultWarmUp ? ScaleDownWindow : DefaultWarmUp);

    /// <summary>The policy of a spec; null where the spec asks for no autoscaling.</summary>
    public static ScalingPolicy? From(InferenceServiceSpec spec)
    {
        if (spec.Autoscaling is not { } autoscaling)
        {
            return null;
        }

        var defaults = new ScalingPolicy { MinReplicas = 1, MaxReplicas = 1, SlotsPerReplica = 1 };
        var min = Math.Max(1, autoscaling.MinReplicas ?? 1);
        return new ScalingPolicy
        {
            MinReplicas = min,
            MaxReplicas = Math.Max(min, autoscaling.MaxReplicas),
            QueueDepth = autoscaling.Targets?.QueueDepth ?? defaults.QueueDepth,
            KVCacheUtilization = autoscaling.Targets?.KVCacheUtilization / 100.0,
            UncachedPrefillTokens = autoscaling.Targets?.UncachedPrefillTokens,
            TimeToFirstTokenMilliseconds = autoscaling.Targets?.TimeToFirstTokenMilliseconds,
            Tolerance = autoscaling.TolerancePercent / 100.0 ?? defaults.Tolerance,
            WishedWarmUp = autoscaling.WarmUpSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            SlotsPerReplica = spec.Runtime?.Engine?.MaxNumSeqs ?? EngineSpec.DefaultMaxNumSeqs,
            ScaleUpWindow = Seconds(autoscaling.ScaleUp) ?? defaults.ScaleUpWindow,
            ScaleDownWindow = Seconds(autoscaling.ScaleDown) ?? defaults.ScaleDownWindow,
            ScaleUpPerMinute = autoscaling.ScaleUp?.MaxReplicasPerMinute,
            ScaleDownPerMinute = autoscaling.ScaleDown?.MaxReplicasPerMinute,
        };
    }

    private static TimeSpan? Seconds(ScalingRulesSpec? rules) => rules?.StabilizationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
