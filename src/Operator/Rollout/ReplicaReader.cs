using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Rollout;

/// <summary>Replicas from pods: one each, or one for each group where a replica spans nodes. Pure.</summary>
internal static class ReplicaReader
{
    private const string Group = "leaderworkerset.sigs.k8s.io/group-index";
    private const string Worker = "leaderworkerset.sigs.k8s.io/worker-index";

    /// <param name="pods">Those of one service.</param>
    /// <param name="template">Hash of the template that is wanted.</param>
    /// <param name="revision">What <see cref="WorkloadRevision.CurrentHash"/> says; null: only the template counts.</param>
    public static IReadOnlyList<Replica> Read(IReadOnlyList<V1Pod> pods, string template, string? revision)
    {
        var workers = pods.Where(IsWorker).ToLookup(p => p.Metadata.Labels!.GetValueOrDefault(Group));
        return
        [
            .. pods.Where(p => !IsWorker(p)).Select(p => new Replica(p, IsCurrent(p))
            {
                Workers = p.Metadata.Labels?.GetValueOrDefault(Group) is { } group ? [.. workers[group]] : [],
            }),
        ];

        bool IsCurrent(V1Pod pod) =>
            pod.Metadata.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateHash) == template
            && (revision is null || pod.Metadata.Labels?.GetValueOrDefault(WorkloadRevision.HashLabel) is not { } hash || hash == revision);
    }

    private static bool IsWorker(V1Pod pod) => pod.Metadata.Labels?.GetValueOrDefault(Worker) is not (null or "0");
}
