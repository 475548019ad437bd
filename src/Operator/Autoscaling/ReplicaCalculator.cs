using System.Globalization;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>
/// Chooses the number of replicas from what the replicas say of their load. Pure: the same samples, history and time give the same outcome, so
/// every decision can be replayed from its inputs.
/// </summary>
/// <remarks>
/// What the load asks for is in <see cref="DemandRules"/>; this is when it is followed.
/// <para>
/// <b>Honesty.</b> A ready replica without a young sample counts as idle when adding is considered and as full when removing is. No sample at all:
/// the number is held, the windows start anew, and only a change of the bounds moves it. The number goes up when the least wish of the
/// scale-up window does, down when the greatest wish of the scale-down window does and the load was known for all of it, and not while a
/// replica is warming up. So an operator that restarts cannot remove replicas before it has watched for a whole window.
/// </para>
/// </remarks>
internal static class ReplicaCalculator
{
    /// <summary>KV use from which memory, not slots, limits a replica (llm-d's endpoint picker: 0.8).</summary>
    public const double KVSaturation = 0.8;

    private static readonly TimeSpan RateWindow = TimeSpan.FromMinutes(1);

    public static ScalingOutcome Calculate(ScalingPolicy policy, int current, IReadOnlyList<ReplicaSample> replicas, ScalingHistory history, DateTimeOffset now)
    {
        var load = LoadSummary.Of(policy, replicas, history.ReplicaPrefill, now);
        var changes = history.Changes.Where(c => now - c.At < RateWindow).ToList();
        var bounded = Math.Clamp(current, policy.MinReplicas, policy.MaxReplicas);

        if (load.State == MetricsState.Absent)
        {
            var message = load.Ready == 0 ? "No replica is ready yet; the number is held." : $"None of the {load.Ready} ready replicas tells its load; the number is held.";
            return Outcome(bounded, "MetricsAbsent", message, history with { KnownSince = null, Recommendations = [], Changes = changes });
        }

        var (wish, reason, why) = DemandRules.Recommend(policy, Math.Max(1, bounded), load, grewLately: changes.Any(c => c.Delta > 0));
        var recommendation = Math.Clamp(wish, policy.MinReplicas, policy.MaxReplicas);
        if (wish > recommendation)
        {
            why += string.Create(CultureInfo.InvariantCulture, $" Held at maxReplicas {policy.MaxReplicas}.");
        }

        var longest = policy.ScaleUpWindow > policy.ScaleDownWindow ? policy.ScaleUpWindow : policy.ScaleDownWindow;
        var recommendations = history.Recommendations.Where(r => now - r.At <= longest).Append((At: now, Replicas: recommendation)).ToList();
        var knownSince = history.KnownSince ?? now;
        var next = new ScalingHistory { KnownSince = knownSince, ReplicaPrefill = load.ReplicaPrefill, Recommendations = recommendations, Changes = changes };

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

            if (replicas.FirstOrDefault(r => r.IsCold(policy.WarmUp, now)) is { } cold)
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
            return new ScalingOutcome(target, because, message, load.State, load.Inputs, changed) { BlindTargets = load.BlindTargets };
        }
    }

    private static int Allowance(int? perMinute, int used) => perMinute is { } limit ? Math.Max(0, limit - used) : int.MaxValue;

    private static string Text(TimeSpan window) => string.Create(CultureInfo.InvariantCulture, $"{window.TotalSeconds:0} s");
}
