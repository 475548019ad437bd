using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>Sums over the replicas' samples.</summary>
internal sealed record LoadSummary
{
    public required MetricsState State { get; init; }
    public required int Ready { get; init; }
    public required int Sampled { get; init; }

    /// <summary>Ready replicas that tell no load.</summary>
    public int Unknown => Ready - Sampled;

    public required double Waiting { get; init; }
    public required double Running { get; init; }

    /// <summary>Sum of the uses, each in 0..1.</summary>
    public required double KVCacheUsage { get; init; }

    /// <summary>Mean of the known hit rates; null where none is known.</summary>
    public required double? CacheHitRate { get; init; }

    /// <summary>Mean number of requests that a replica can run.</summary>
    public required double SlotsPerReplica { get; init; }

    public required ScalingInputs Inputs { get; init; }

    public static LoadSummary Of(ScalingPolicy policy, IReadOnlyList<ReplicaSample> replicas)
    {
        var ready = replicas.Where(r => r.ReadySince is not null).ToList();
        var loads = ready.Select(r => r.Load).OfType<ReplicaLoad>().ToList();
        var hitRates = loads.Select(l => l.CacheHitRate).OfType<double>().ToList();
        var waiting = loads.Sum(l => l.Waiting);
        var running = loads.Sum(l => l.Running);
        var usage = loads.Sum(l => l.KVCacheUsage);
        var slots = loads.Count == 0 ? policy.SlotsPerReplica : loads.Average(l => SlotsOf(policy, l));
        double? hitRate = hitRates.Count == 0 ? null : hitRates.Average();
        return new LoadSummary
        {
            State = loads.Count == 0 ? MetricsState.Absent : loads.Count < ready.Count ? MetricsState.Partial : MetricsState.Fresh,
            Ready = ready.Count,
            Sampled = loads.Count,
            Waiting = waiting,
            Running = running,
            KVCacheUsage = usage,
            CacheHitRate = hitRate,
            SlotsPerReplica = slots,
            Inputs = new ScalingInputs
            {
                ReadyReplicas = ready.Count,
                SampledReplicas = loads.Count,
                WaitingRequests = (int)Math.Round(waiting),
                RunningRequests = (int)Math.Round(running),
                SlotsPerReplica = (int)Math.Round(slots),
                KVCachePercent = loads.Count == 0 ? null : (int)Math.Round(100 * usage / loads.Count),
                CacheHitPercent = hitRate is { } rate ? (int)Math.Round(100 * rate) : null,
                UncachedQueuedTokens = (long)Math.Round(loads.Sum(l => l.UncachedQueuedTokens)),
            },
        };
    }

    /// <summary>A replica whose KV cache is full while requests wait runs as many as it ever will.</summary>
    private static double SlotsOf(ScalingPolicy policy, ReplicaLoad load) =>
        load is { Waiting: > 0, KVCacheUsage: >= ReplicaCalculator.KVSaturation } ? Math.Clamp(load.Running, 1, policy.SlotsPerReplica) : policy.SlotsPerReplica;
}
