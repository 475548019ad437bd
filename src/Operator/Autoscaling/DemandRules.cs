using System.Globalization;

namespace Octavo.Operator.Autoscaling;

/// <summary>How many replicas a load asks for, before windows and limits. Pure.</summary>
/// <remarks>
/// Words: n = replicas wanted now, c = requests that a replica can run (its slots; where the KV cache is full before the slots are, as many as it
/// runs), q = spec.autoscaling.targets.queueDepth, D = running + waiting requests of all replicas, K = sum of the replicas' KV use, U = prompt tokens
/// of waiting requests that no cache covers, W = such tokens computed a second, p = the most of them that one replica was seen to compute, h = hit
/// rate of the last minute, t = tolerance.
/// <para>
/// <b>Up, by requests.</b> With n' replicas, max(0, D/n' - c) requests would wait at each; the least n' at which that is at most q is
/// ceil(D / (c + q)). Waiting alone would not do: it is zero while all is well and then counts requests which the slots of a new replica run at
/// once, so it overshoots and falls back. Running requests belong to the demand. A KV target k asks for ceil(K / k) in the same way. Replicas that are
/// not ready yet count as capacity, because n is what is wanted and not what is there.
/// </para>
/// <para>
/// <b>Up, by work.</b> Requests are not equal: what fills a prompt's time is the tokens that no cache covers. A target u asks for ceil(U / u). Tokens
/// that wait at one replica do not move to the next and a cold replica computes what others have cached, so at most twice the warm replicas are
/// asked for; the next step is taken once those are warm. Where requests wait beyond q although slots are free (long prompts fill the token budget),
/// or the first token comes later than its target while replicas share their time, one replica is added at a time: none while one is pending or
/// cold, and by latency none within a minute of the last, whose percentile still holds what was before.
/// </para>
/// <para>
/// <b>Down.</b> To the least n' that would run all of D in the band of its slots, nothing waiting, with K below the band of the KV limit, U below the
/// band of its target, W below the band of n' p (a backlog is gone while the work is not: without W the number would swing), and the first token
/// within the band of its target. Band = min(0.7, 1 - t). Fewer replicas hold less cache: the part h(1 - n'/n) of the prompts must be computed again,
/// so D, U and W are first multiplied by 1 + h(1 - n'/n). A high hit rate thus never is a reason to remove replicas, and a falling one none to add
/// any: it is a matter of routing first. The gap between c + q going up and 0.7 c going down is what keeps a steady load from swinging.
/// </para>
/// </remarks>
internal static class DemandRules
{
    /// <summary>Greatest share of the capacity that the remaining replicas may use after a scale-in (llm-d's saturation analyser: 0.70).</summary>
    public const double WidestBand = 0.7;

    /// <param name="current">Replicas wanted now, at least 1.</param>
    /// <param name="grewLately">Whether replicas were added within the window of the rates.</param>
    public static (int Replicas, string Reason, string Message) Recommend(ScalingPolicy policy, int current, LoadSummary load, bool grewLately)
    {
        // The signal that asks for the most decides; of equals the first.
        var up = ByRequests(policy, current, load);
        foreach (var other in new[] { ByCache(policy, current, load), ByUncachedTokens(policy, current, load), ByFirstToken(policy, current, load, grewLately) })
        {
            up = other is { } wish && wish.Replicas > (up?.Replicas ?? current) ? wish : up;
        }

        if (up is { } more && more.Replicas > current)
        {
            return more;
        }

        for (var fewer = policy.MinReplicas; fewer < current; fewer++)
        {
            if (Suffices(policy, fewer, current, load))
            {
                return (fewer, "LowLoad", string.Create(CultureInfo.InvariantCulture,
                    $"{load.Running:0} running and {load.Waiting:0} waiting requests fit into {fewer} of {current} replicas with room to spare."));
            }
        }

        return (current, "WithinTarget", string.Create(CultureInfo.InvariantCulture,
            $"{load.Running:0} running and {load.Waiting:0} waiting requests suit {current} replicas."));
    }

    private static (int Replicas, string Reason, string Message)? ByRequests(ScalingPolicy policy, int current, LoadSummary load)
    {
        var demand = load.Running + load.Waiting;
        var perReplica = load.SlotsPerReplica + policy.QueueDepth;
        if (demand > current * perReplica * (1 + policy.Tolerance))
        {
            var wanted = Ceiling(demand / perReplica);
            return (wanted, "QueueDepth", string.Create(CultureInfo.InvariantCulture,
                $"{load.Waiting:0} waiting and {load.Running:0} running requests need {wanted} replicas of {load.SlotsPerReplica:0.#} slots with {policy.QueueDepth} waiting each."));
        }

        var waitsBesideFreeSlots = load.Waiting > load.Sampled * policy.QueueDepth * (1 + policy.Tolerance)
            && load.Running < load.Sampled * load.SlotsPerReplica * (1 - policy.Tolerance)
            && IsSettled(current, load);
        return waitsBesideFreeSlots
            ? (current + 1, "QueueDepth", string.Create(CultureInfo.InvariantCulture,
                $"{load.Waiting / load.Sampled:0.#} requests wait at each of {load.Sampled} replicas, above the target of {policy.QueueDepth}, although slots are free."))
            : null;
    }

    private static (int Replicas, string Reason, string Message)? ByCache(ScalingPolicy policy, int current, LoadSummary load)
    {
        if (policy.KVCacheUtilization is not { } target || load.KVCacheUsage / current <= target * (1 + policy.Tolerance))
        {
            return null;
        }

        var wanted = Ceiling(load.KVCacheUsage / target);
        return (wanted, "KVCacheUtilization", string.Create(CultureInfo.InvariantCulture,
            $"KV caches in use to {100 * load.KVCacheUsage / load.Sampled:0} % on {load.Sampled} replicas need {wanted} at {100 * target:0} % each."));
    }

    private static (int Replicas, string Reason, string Message)? ByUncachedTokens(ScalingPolicy policy, int current, LoadSummary load)
    {
        if (policy.UncachedPrefillTokens is not { } target || load.UncachedQueuedTokens is not { } tokens || tokens <= current * (double)target * (1 + policy.Tolerance))
        {
            return null;
        }

        var most = 2 * Math.Max(1, load.Ready - load.Cold);
        var needed = Ceiling(tokens / target);
        var bound = needed > most ? string.Create(CultureInfo.InvariantCulture, $" No more than {most} before those are warm.") : "";
        return (Math.Min(needed, most), "UncachedPrefillTokens", string.Create(CultureInfo.InvariantCulture,
            $"{tokens:0} waiting prompt tokens that no cache covers need {needed} replicas at {target} each.{bound}"));
    }

    private static (int Replicas, string Reason, string Message)? ByFirstToken(ScalingPolicy policy, int current, LoadSummary load, bool grewLately)
    {
        // A request that is alone at its replica gets no faster by another one.
        var isShared = load.Waiting > 0 || load.Running > load.Sampled;
        return policy.TimeToFirstTokenMilliseconds is { } target && load.TimeToFirstToken is { } time && time > target * (1 + policy.Tolerance)
            && isShared && !grewLately && IsSettled(current, load)
            ? (current + 1, "TimeToFirstToken", string.Create(CultureInfo.InvariantCulture,
                $"One request in ten waits {time:0} ms or more for its first token, above the target of {target} ms."))
            : null;
    }

    /// <summary>Whether all replicas that are wanted are ready and warm, so that what is measured is what they can do.</summary>
    private static bool IsSettled(int current, LoadSummary load) => load.Ready >= current && load.Cold == 0;

    private static bool Suffices(ScalingPolicy policy, int fewer, int current, LoadSummary load)
    {
        var band = Math.Min(WidestBand, 1 - policy.Tolerance);
        var recomputed = 1 + (load.CacheHitRate ?? 0) * (1 - (double)fewer / current);
        var demand = (load.Running + load.Waiting + load.Unknown * load.SlotsPerReplica) * recomputed;
        var limit = policy.KVCacheUtilization ?? ReplicaCalculator.KVSaturation;
        // Without a known capacity the work cannot be judged, and the backlog alone decides.
        var computed = load.ReplicaPrefill is { } capacity ? (load.UncachedTokensPerSecond ?? 0) * recomputed / capacity : 0;
        return demand <= band * fewer * load.SlotsPerReplica
            && load.KVCacheUsage + load.Unknown * limit <= band * fewer * limit
            && (policy.UncachedPrefillTokens is not { } tokens || ((load.UncachedQueuedTokens ?? 0) * recomputed <= band * fewer * tokens && computed <= band * fewer))
            && (policy.TimeToFirstTokenMilliseconds is not { } time || (load.TimeToFirstToken ?? 0) <= band * time);
    }

    private static int Ceiling(double value) => (int)Math.Min(int.MaxValue, Math.Ceiling(value));
}
