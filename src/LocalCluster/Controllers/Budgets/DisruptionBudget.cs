using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Budgets;

/// <summary>A PodDisruptionBudget, as its controller needs it.</summary>
[KubernetesEntity(Group = "policy", ApiVersion = "v1", Kind = "PodDisruptionBudget", PluralName = "poddisruptionbudgets")]
internal sealed record DisruptionBudget : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "policy/v1";
    public string? Kind { get; init; } = "PodDisruptionBudget";
    public V1ObjectMeta Metadata { get; init; } = new();
    public DisruptionBudgetSpec? Spec { get; init; }
    public DisruptionBudgetStatus? Status { get; init; }
}
