using Octavo.Operator.Entities;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>Sums over the replicas' samples.</summary>
internal sealed record LoadSummary
{
    /// <summary>The share of requests whose first token must come within the target.</summary>
    private const double FirstTokenQuantile = 0.9;

    public required MetricsState State { get; init; }
    public required int Ready { get; init; }
    public required int Sampled { get; init; }

    /// <summary>Ready replicas that are not warm yet.</summary>
    public required int Cold { get; init; }

    /// <summary>Ready replicas that tell no load.</summary>
    public int Unknown => Ready - Sampled;

    public required double Waiting { get; init; }
    public required double Running { get; init; }

    /// <summary>Sum of the uses, each in 0..1.</summary>
    public required double KVCacheUsage { get; init; }

    /// <summary>
    /// Of all looked up prompt tokens of the window the share that was found; the mean of the known rates where no window is known yet. Cold
    /// replicas count only where none is warm: their dip passes. Null where nothing is known.
    /// </summary>
    public required double? CacheHitRate { get; init; }

    /// <summary>Sum; null where no replica's are known.</summary>
    public required double? UncachedQueuedTokens { get; init; }

    /// <summary>Uncached prompt tokens a second that the sampled replicas compute; null while unknown.</summary>
    public required double? UncachedTokensPerSecond { get; init; }

    /// <inheritdoc cref="ScalingHistory.ReplicaPrefill"/>
    public required double? ReplicaPrefill { get; init; }

    /// <summary>The 90th percentile of the window over all replicas, in milliseconds; null without a request.</summary>
    public required double? TimeToFirstToken { get; init; }

    /// <summary>Mean number of requests that a replica can run.</summary>
    public required double SlotsPerReplica { get; init; }

    /// <summary>Targets of the spec that the replicas' metrics say nothing of, by field; null where there is none.</summary>
    public required string? BlindTargets { get; init; }

    public required ScalingInputs Inputs { get; init; }

    /// <param name="replicaPrefill">What was learned before.</param>
    public static LoadSummary Of(ScalingPolicy policy, IReadOnlyList<ReplicaSample> replicas, double? replicaPrefill, DateTimeOffset now)
    {
        var ready = replicas.Where(r => r.ReadySince is not null).ToList();
        var loads = ready.Select(r => r.Load).OfType<ReplicaLoad>().ToList();
        var warm = ready.Where(r => !r.IsCold(policy.WarmUp, now)).Select(r => r.Load).OfType<ReplicaLoad>().ToList();
        var waiting = loads.Sum(l => l.Waiting);
        var running = loads.Sum(l => l.Running);
        var usage = loads.Sum(l => l.KVCacheUsage);
        var slots = loads.Count == 0 ? policy.SlotsPerReplica : loads.Average(l => SlotsOf(policy, l));
        var hitRate = HitRateOf(warm.Count > 0 ? warm : loads);
        var cold = ready.Count(r => r.IsCold(policy.WarmUp, now));
        var uncached = Sum(loads.Select(l => l.UncachedQueuedTokens));
        var computed = Sum(loads.Select(l => l.Rates?.UncachedTokensPerSecond));
        var prefill = loads.Where(l => l.UncachedQueuedTokens > policy.UncachedPrefillTokens * (1 + policy.Tolerance)).Select(l => l.Rates?.UncachedTokensPerSecond)
            .Append(replicaPrefill).Max();
        var firstToken = 1000 * loads.Select(l => l.Rates?.TimeToFirstToken).OfType<LatencyHistogram>()
            .Aggregate((LatencyHistogram?)null, (sum, next) => sum?.Plus(next) ?? sum ?? next)?.Quantile(FirstTokenQuantile);
        return new LoadSummary
        {
            State = loads.Count == 0 ? MetricsState.Absent : loads.Count < ready.Count ? MetricsState.Partial : MetricsState.Fresh,
            Ready = ready.Count,
            Sampled = loads.Count,
            Cold = cold,
            Waiting = waiting,
            Running = running,
            KVCacheUsage = usage,
            CacheHitRate = hitRate,
            UncachedQueuedTokens = uncached,
            UncachedTokensPerSecond = computed,
            ReplicaPrefill = prefill,
            TimeToFirstToken = firstToken,
            SlotsPerReplica = slots,
            BlindTargets = BlindTargetsOf(policy, loads),
            Inputs = new ScalingInputs
            {
                ReadyReplicas = ready.Count,
                SampledReplicas = loads.Count,
                ColdReplicas = cold > 0 ? cold : null,
                WaitingRequests = (int)Math.Round(waiting),
                RunningRequests = (int)Math.Round(running),
                SlotsPerReplica = (int)Math.Round(slots),
                KVCachePercent = loads.Count == 0 ? null : (int)Math.Round(100 * usage / loads.Count),
                CacheHitPercent = (int?)Rounded(100 * hitRate),
                UncachedQueuedTokens = Rounded(uncached),
                PromptTokensPerSecond = Rounded(Sum(loads.Select(l => l.Rates?.PromptTokensPerSecond))),
                UncachedTokensPerSecond = Rounded(computed),
                ReplicaPrefillTokensPerSecond = Rounded(prefill),
                TimeToFirstTokenMilliseconds = Rounded(firstToken),
            },
        };
    }

    /// <summary>A replica whose KV cache is full while requests wait runs as many as it ever will.</summary>
    private static double SlotsOf(ScalingPolicy policy, ReplicaLoad load) =>
        load is { Waiting: > 0, KVCacheUsage: >= ReplicaCalculator.KVSaturation } ? Math.Clamp(load.Running, 1, policy.SlotsPerReplica) : policy.SlotsPerReplica;

    private static double? HitRateOf(IReadOnlyList<ReplicaLoad> loads)
    {
        var known = loads.Where(l => l.CacheHitRate is not null).ToList();
        var tokens = known.Sum(l => l.Rates?.PromptTokensPerSecond ?? 0);
        return known.Count == 0 ? null
            : tokens > 0 ? known.Sum(l => l.CacheHitRate!.Value * (l.Rates?.PromptTokensPerSecond ?? 0)) / tokens
            : known.Average(l => l.CacheHitRate!.Value);
    }

    private static string? BlindTargetsOf(ScalingPolicy policy, IReadOnlyList<ReplicaLoad> loads)
    {
        var blind = new List<string>();
        if (loads.Count > 0 && policy.UncachedPrefillTokens is not null && loads.All(l => l.LacksUncachedTokens))
        {
            blind.Add("uncachedPrefillTokens");
        }

        if (loads.Count > 0 && policy.TimeToFirstTokenMilliseconds is not null && loads.All(l => l.LacksTimeToFirstToken))
        {
            blind.Add("timeToFirstTokenMilliseconds");
        }

        return blind.Count == 0 ? null : string.Join(", ", blind);
    }

    private static double? Sum(IEnumerable<double?> values)
    {
        var known = values.OfType<double>().ToList();
        return known.Count == 0 ? null : known.Sum();
    }

    private static long? Rounded(double? value) => value is { } known ? (long)Math.Round(known) : null;
}
