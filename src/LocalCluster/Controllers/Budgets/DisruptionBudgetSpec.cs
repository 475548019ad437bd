using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Budgets;

/// <summary>How many of the selected pods must stay, or may go.</summary>
internal sealed record DisruptionBudgetSpec : KubernetesRecord
{
    public IntOrString? MinAvailable { get; init; }
    public IntOrString? MaxUnavailable { get; init; }
    public V1LabelSelector? Selector { get; init; }
}
