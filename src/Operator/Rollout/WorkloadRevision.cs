using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>A ReplicaSet of ours, without its template: tells which pods are of a Deployment's present template.</summary>
[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "ReplicaSet", PluralName = "replicasets")]
internal sealed record WorkloadRevision : IKubernetesObject
{
    /// <summary>The label by which pods and ReplicaSets of one template belong together.</summary>
    public const string HashLabel = "pod-template-hash";

    private const string Annotation = "deployment.kubernetes.io/revision";

    public string? ApiVersion { get; init; } = "apps/v1";

    public string? Kind { get; init; } = "ReplicaSet";

    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>
    /// The <see cref="HashLabel"/> of the pods that a workload makes now; null where it is not known, or the workload's controller has not seen the template yet.
    /// Our own hash of the template is not enough: a restart by kubectl makes other pods of the same one.
    /// </summary>
    public static string? CurrentHash(V1ObjectMeta workload, bool isObserved, IEnumerable<WorkloadRevision> revisions)
    {
        if (!isObserved || workload.Annotations?.GetValueOrDefault(Annotation) is not { } revision)
        {
            return null;
        }

        return revisions
            .Where(r => r.Metadata.OwnerReferences?.Any(o => o.Controller == true && o.Uid == workload.Uid) == true
                && r.Metadata.Annotations?.GetValueOrDefault(Annotation) == revision)
            .Select(r => r.Metadata.Labels?.GetValueOrDefault(HashLabel))
            .FirstOrDefault(h => h is not null);
    }
}
