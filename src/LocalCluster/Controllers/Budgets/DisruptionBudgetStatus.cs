using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Budgets;

/// <summary>What evictions go by.</summary>
internal sealed record DisruptionBudgetStatus : KubernetesRecord
{
    public long? ObservedGeneration { get; init; }

    /// <summary>Pods whose eviction was granted and whose deletion has not been seen, by name.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? DisruptedPods { get; init; }

    public int DisruptionsAllowed { get; init; }
    public int CurrentHealthy { get; init; }
    public int DesiredHealthy { get; init; }
    public int ExpectedPods { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
