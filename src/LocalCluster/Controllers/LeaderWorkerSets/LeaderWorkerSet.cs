using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>A LeaderWorkerSet, as its controller needs it. The kind comes with its CRD, which is not part of Kubernetes.</summary>
[KubernetesEntity(Group = Group, ApiVersion = "v1", Kind = "LeaderWorkerSet", PluralName = "leaderworkersets")]
internal sealed record LeaderWorkerSet : KubernetesRecord, IKubernetesObject
{
    public const string Group = "leaderworkerset.x-k8s.io";

    public string? ApiVersion { get; init; } = $"{Group}/v1";
    public string? Kind { get; init; } = "LeaderWorkerSet";
    public V1ObjectMeta Metadata { get; init; } = new();
    public LeaderWorkerSetSpec? Spec { get; init; }
    public LeaderWorkerSetStatus? Status { get; init; }
}
