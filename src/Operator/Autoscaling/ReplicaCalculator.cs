using System.Globalization;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>
/// Chooses the number of replicas from what the replicas say of their load. Pure: the same samples, history and time give the same outcome, so
/// every decision can be replayed from its inputs.
/// </summary>
/// <remarks>
/// Words: n = replicas wanted now, c = requests that a replica can run (its slots; where the KV cache is full before the slots are, as many as it
/// runs), q = spec.autoscaling.targets.queueDepth, D = running + waiting requests of all replicas, K = sum of the replicas' KV use, h = hit rate.
/// <para>
/// <b>Up.</b> With n' replicas, max(0, D/n' - c) requests would wait at each; the least n' at which that is at most q is ceil(D / (c + q)). Waiting
/// alone would not do: it is zero while all is well and then counts requests which the slots of a new replica run at once, so it overshoots and
/// falls back. Running requests belong to the demand. Where requests wait beyond q although slots are free (long prompts fill the token budget),
/// one replica is added at a time, none while one is pending. A KV target k asks for ceil(K / k) in the same way. Replicas that are not ready yet
/// count as capacity, because n is what is wanted and not what is there.
/// </para>
/// <para>
/// <b>Down.</b> To the least n' that would run all of D in <see cref="ScaleInBand"/> of its slots, nothing waiting, with K below
/// <see cref="ScaleInBand"/> of the KV limit. Fewer replicas hold less cache: the part h(1 - n'/n) of the prompts must be computed again, so D
/// is first multiplied by 1 + h(1 - n'/n). A high hit rate thus never is a reason to remove replicas. The gap between c + q going up and 0.7 c going
/// down is what keeps a steady load from swinging.
/// </para>
/// <para>
/// <b>Honesty.</b> A ready replica without a young sample counts as idle when adding is considered and as full when removing is. No sample at all:
/// the number is held, the windows start anew, and only a change of the bounds moves it. The number goes up when the least wish of the
/// scale-up window does, down when the greatest wish of the scale-down window does and the load was known for all of it, and not while a
/// replica is warming up. So an operator that restarts cannot remove replicas before it has watched for a whole window.
/// </para>
/// </remarks>
internal static class ReplicaCalculator
{
    /// <summary>Relative overload that is accepted before replicas are added (Kubernetes' HPA: 0.1).</summary>
    public const double Tolerance = 0.1;

    /// <summary>Share of the capacity that the remaining replicas may use after a scale-in (llm-d's saturation analyser: 0.70).</summary>
    public const double ScaleInBand = 0.7;

    /// <summary>KV use from which memory, not slots, limits a replica (llm-d's endpoint picker: 0.8).</summary>
    public const double KVSaturation = 0.8;

    private static readonly TimeSpan RateWindow = TimeSpan.FromMinutes(1);

    public static ScalingOutcome Calculate(ScalingPolicy policy, int current, IReadOnlyList<ReplicaSample> replicas, ScalingHistory history, DateTimeOffset now)
    {
        var load = LoadSummary.Of(policy, replicas);
        var changes = history.Changes.Where(c => now - c.At < RateWindow).ToList();
        var bounded = Math.Clamp(current, policy.MinReplicas, policy.MaxReplicas);

        if (load.State == MetricsState.Absent)
        {
            var message = load.Ready == 0 ? "No replica is ready yet; the number is held." : $"None of the {load.Ready} ready replicas tells its load; the number is held.";
            return Outcome(bounded, "MetricsAbsent", message, history with { KnownSince = null, Recommendations = [], Changes = changes });
        }

        var (wish, reason, why) = Recommend(policy, Math.Max(1, bounded), load);
        var recommendation = Math.Clamp(wish, policy.MinReplicas, policy.MaxReplicas);
        if (wish > recommendation)
        {
            why += string.Create(CultureInfo.InvariantCulture, $" Held at maxReplicas {policy.MaxReplicas}.");
        }

        var longest = policy.ScaleUpWindow > policy.ScaleDownWindow ? policy.ScaleUpWindow : policy.ScaleDownWindow;
        var recommendations = history.Recommendations.Where(r => now - r.At <= longest).Append((At: now, Replicas: recommendation)).ToList();
        var knownSince = history.KnownSince ?? now;
        var next = new ScalingHistory { KnownSince = knownSince, Recommendations = recommendations, Changes = changes };

        if (recommendation > bounded)
        {
            var steady = Wishes(policy.ScaleUpWindow).Min();
            var allowed = Allowance(policy.ScaleUpPerMinute, changes.Where(c => c.Delta > 0).Sum(c => c.Delta));
            if (now - knownSince < policy.ScaleUpWindow || steady <= bounded)
            {
                return Outcome(bounded, reason, $"{why} Waits for {Text(policy.ScaleUpWindow)} of the same wish.", next);
            }

            return Outcome(bounded + Math.Min(steady - bounded, allowed), reason, why, next);
        }

        if (recommendation < bounded)
        {
            var steady = Wishes(policy.ScaleDownWindow).Max();
            var allowed = Allowance(policy.ScaleDownPerMinute, -changes.Where(c => c.Delta < 0).Sum(c => c.Delta));
            if (now - knownSince < policy.ScaleDownWindow || steady >= bounded)
            {
                return Outcome(bounded, reason, $"{why} Waits for {Text(policy.ScaleDownWindow)} of the same wish.", next);
            }

            if (replicas.FirstOrDefault(r => now - r.ReadySince < policy.WarmUp) is { } cold)
            {
                return Outcome(bounded, reason, $"{why} Waits until {cold.Pod} is warm.", next);
            }

            return Outcome(bounded - Math.Min(bounded - steady, allowed), reason, why, next);
        }

        return Outcome(bounded, reason, why, next);

        IEnumerable<int> Wishes(TimeSpan window) => recommendations.Where(r => now - r.At <= window).Select(r => r.Replicas);

        ScalingOutcome Outcome(int target, string because, string message, ScalingHistory remembered)
        {
            if (bounded != current && target == bounded)
            {
                (because, message) = ("Bounds", $"{current} is outside minReplicas {policy.MinReplicas} and maxReplicas {policy.MaxReplicas}.");
            }

            var changed = target == current ? remembered : remembered with { Changes = [.. remembered.Changes, (At: now, Delta: target - current)] };
            return new ScalingOutcome(target, because, message, load.State, load.Inputs, changed);
        }
    }

    private static (int Replicas, string Reason, string Message) Recommend(ScalingPolicy policy, int current, LoadSummary load)
    {
        var up = UpForQueue(policy, current, load);
        if (policy.KVCacheUtilization is { } target && load.KVCacheUsage / current > target * (1 + Tolerance))
        {
            var wanted = Ceiling(load.KVCacheUsage / target);
            if (wanted > up.Replicas)
            {
                up = (wanted, "KVCacheUtilization", string.Create(CultureInfo.InvariantCulture,
                    $"KV caches in use to {100 * load.KVCacheUsage / load.Sampled:0} % on {load.Sampled} replicas need {wanted} at {100 * target:0} % each."));
            }
        }

        if (up.Replicas > current)
        {
            return up;
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

    private static (int Replicas, string Reason, string Message) UpForQueue(ScalingPolicy policy, int current, LoadSummary load)
    {
        var demand = load.Running + load.Waiting;
        var perReplica = load.SlotsPerReplica + policy.QueueDepth;
        if (demand > current * perReplica * (1 + Tolerance))
        {
            var wanted = Ceiling(demand / perReplica);
            return (wanted, "QueueDepth", string.Create(CultureInfo.InvariantCulture,
                $"{load.Waiting:0} waiting and {load.Running:0} running requests need {wanted} replicas of {load.SlotsPerReplica:0.#} slots with {policy.QueueDepth} waiting each."));
        }

        var waitsBesideFreeSlots = load.Waiting > load.Sampled * policy.QueueDepth * (1 + Tolerance)
            && load.Running < load.Sampled * load.SlotsPerReplica * (1 - Tolerance)
            && load.Ready >= current;
        return waitsBesideFreeSlots
            ? (current + 1, "QueueDepth", string.Create(CultureInfo.InvariantCulture,
                $"{load.Waiting / load.Sampled:0.#} requests wait at each of {load.Sampled} replicas, above the target of {policy.QueueDepth}, although slots are free."))
            : (current, "WithinTarget", "");
    }

    private static bool Suffices(ScalingPolicy policy, int fewer, int current, LoadSummary load)
    {
        var recomputed = 1 + (load.CacheHitRate ?? 0) * (1 - (double)fewer / current);
        var demand = (load.Running + load.Waiting + load.Unknown * load.SlotsPerReplica) * recomputed;
        var limit = policy.KVCacheUtilization ?? KVSaturation;
        return demand <= ScaleInBand * fewer * load.SlotsPerReplica
            && load.KVCacheUsage + load.Unknown * limit <= ScaleInBand * fewer * limit;
    }

    private static int Allowance(int? perMinute, int used) => perMinute is { } limit ? Math.Max(0, limit - used) : int.MaxValue;

    private static int Ceiling(double value) => (int)Math.Min(int.MaxValue, Math.Ceiling(value));

    private static string Text(TimeSpan window) => string.Create(CultureInfo.InvariantCulture, $"{window.TotalSeconds:0} s");
}
