namespace Octavo.KubernetesClient.Models;

/// <summary>How many of some pods may be evicted at a time.</summary>
[KubernetesEntity(Group = "policy", ApiVersion = "v1", Kind = "PodDisruptionBudget", PluralName = "poddisruptionbudgets")]
public sealed record V1PodDisruptionBudget : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "policy/v1";
    public string? Kind { get; init; } = "PodDisruptionBudget";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1PodDisruptionBudgetSpec? Spec { get; init; }
    public V1PodDisruptionBudgetStatus? Status { get; init; }
}

public sealed record V1PodDisruptionBudgetSpec : KubernetesRecord
{
    /// <summary>Excludes <see cref="MaxUnavailable"/>.</summary>
    public IntOrString? MinAvailable { get; init; }

    /// <summary>Of the pods that their controllers want; a percentage is rounded up.</summary>
    public IntOrString? MaxUnavailable { get; init; }

    public V1LabelSelector? Selector { get; init; }

    /// <summary>AlwaysAllow: pods that are not ready may be evicted whatever the budget says. IfHealthyBudget, the default: only while it is kept without them.</summary>
    public string? UnhealthyPodEvictionPolicy { get; init; }
}

/// <summary>What evictions go by.</summary>
public sealed record V1PodDisruptionBudgetStatus : KubernetesRecord
{
    public long? ObservedGeneration { get; init; }
    public int DisruptionsAllowed { get; init; }
    public int CurrentHealthy { get; init; }
    public int DesiredHealthy { get; init; }
    public int ExpectedPods { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
