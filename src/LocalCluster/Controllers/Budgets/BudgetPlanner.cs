using System.Globalization;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Budgets;

/// <summary>The arithmetic of disruption budgets. Pure.</summary>
internal static class BudgetPlanner
{
    /// <summary>A granted eviction that led to no deletion for so long will lead to none.</summary>
    internal static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    /// <param name="pods">Those that the selector matches.</param>
    /// <param name="expected">How many there should be by their controllers; matters unless minAvailable is a number.</param>
    public static DisruptionBudgetStatus Plan(DisruptionBudget budget, IReadOnlyList<V1Pod> pods, int expected, DateTimeOffset now)
    {
        var spec = budget.Spec ?? new DisruptionBudgetSpec();
        int desired;
        if (spec.MaxUnavailable is { } unavailable)
        {
            desired = Math.Max(0, expected - Amount(unavailable, expected));
        }
        else if (spec.MinAvailable is { } available)
        {
            expected = IsPercentage(available) ? expected : pods.Count;
            desired = Amount(available, expected);
        }
        else
        {
            (expected, desired) = (pods.Count, 1);
        }

        var disrupted = (budget.Status?.DisruptedPods ?? new Dictionary<string, DateTimeOffset>())
            .Where(d => d.Value + DeletionTimeout > now && pods.Any(p => p.Metadata.Name == d.Key && p.Metadata.DeletionTimestamp is null))
            .ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        var healthy = pods.Count(p => p.Metadata.DeletionTimestamp is null && PodReadiness.IsReady(p) && !disrupted.ContainsKey(p.Metadata.Name!));
        var allowed = expected > 0 ? Math.Max(0, healthy - desired) : 0;
        return new DisruptionBudgetStatus
        {
            ObservedGeneration = budget.Metadata.Generation,
            DisruptedPods = disrupted.Count > 0 ? disrupted : null,
            DisruptionsAllowed = allowed,
            CurrentHealthy = healthy,
            DesiredHealthy = desired,
            ExpectedPods = expected,
            Conditions = [Condition(budget, allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now)],
        };
    }

    /// <summary>Nothing may be evicted while it is not known how many pods there should be.</summary>
    public static DisruptionBudgetStatus Failed(DisruptionBudget budget, string why, DateTimeOffset now) => (budget.Status ?? new DisruptionBudgetStatus()) with
    {
        ObservedGeneration = budget.Metadata.Generation,
        DisruptionsAllowed = 0,
        Conditions = [Condition(budget, "False", "SyncFailed", why, now)],
    };

    /// <summary>Whether the number of pods that there should be matters.</summary>
    public static bool NeedsExpected(DisruptionBudget budget) => budget.Spec?.MaxUnavailable is not null || (budget.Spec?.MinAvailable is { } available && IsPercentage(available));

    private static bool IsPercentage(IntOrString value) => value.ToString().EndsWith('%');

    /// <summary>A percentage is rounded up.</summary>
    private static int Amount(IntOrString value, int of)
    {
        var text = value.ToString();
        return text.EndsWith('%')
            ? (int)Math.Ceiling(of * decimal.Parse(text[..^1], CultureInfo.InvariantCulture) / 100)
            : int.Parse(text, CultureInfo.InvariantCulture);
    }

    private static V1Condition Condition(DisruptionBudget budget, string status, string reason, string message, DateTimeOffset now)
    {
        var before = budget.Status?.Conditions?.FirstOrDefault(c => c.Type == "DisruptionAllowed");
        return new V1Condition
        {
            Type = "DisruptionAllowed",
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = budget.Metadata.Generation,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now,
        };
    }
}
