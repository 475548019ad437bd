using System.Globalization;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>The pods of one replica of a LeaderWorkerSet.</summary>
internal sealed record PodGroup(int Index, IReadOnlyList<V1Pod> Pods)
{
    public const string NameLabel = "leaderworkerset.sigs.k8s.io/name";
    public const string GroupLabel = "leaderworkerset.sigs.k8s.io/group-index";
    public const string WorkerLabel = "leaderworkerset.sigs.k8s.io/worker-index";
    public const string RevisionLabel = "leaderworkerset.sigs.k8s.io/template-revision-hash";

    public V1Pod? Leader => Pods.FirstOrDefault(p => WorkerOf(p) == 0);

    public string? Revision => Leader?.Metadata.Labels?.GetValueOrDefault(RevisionLabel);

    public bool IsTerminating => Pods.Any(p => p.Metadata.DeletionTimestamp is not null);

    /// <summary>A pod ended or one of its containers was started again: what the group computed together is lost.</summary>
    public bool IsBroken => Pods.Any(p => PodReadiness.IsFinished(p)
        || (p.Status?.ContainerStatuses ?? []).Concat(p.Status?.InitContainerStatuses ?? []).Any(c => c.RestartCount > 0));

    public bool IsReady(int size) => Pods.Count == size && !IsTerminating && Pods.All(PodReadiness.IsReady);

    public static int WorkerOf(V1Pod pod) => Number(pod, WorkerLabel);

    /// <summary>By index, lowest first.</summary>
    public static IReadOnlyList<PodGroup> Of(IEnumerable<V1Pod> pods) =>
        [.. pods.GroupBy(p => Number(p, GroupLabel)).OrderBy(g => g.Key).Select(g => new PodGroup(g.Key, [.. g.OrderBy(WorkerOf)]))];

    private static int Number(V1Pod pod, string label) =>
        int.TryParse(pod.Metadata.Labels?.GetValueOrDefault(label), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
