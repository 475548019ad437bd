using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

internal sealed record LeaderWorkerSetStatus : KubernetesRecord
{
    public long? ObservedGeneration { get; init; }

    /// <summary>Groups that exist, whole ones that are ready, and those of the newest template.</summary>
    public int? Replicas { get; init; }

    public int? ReadyReplicas { get; init; }
    public int? UpdatedReplicas { get; init; }
    public string? HpaPodSelector { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
