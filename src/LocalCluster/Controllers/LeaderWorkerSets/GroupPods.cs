using System.Globalization;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>The pods and the service of a LeaderWorkerSet. Pure.</summary>
internal static class GroupPods
{
    public static V1Pod Leader(LeaderWorkerSet set, int group, string revision)
    {
        var template = set.Spec!.LeaderWorkerTemplate!;
        return Build(set, template.LeaderTemplate ?? template.WorkerTemplate!, $"{set.Metadata.Name}-{group}", group, 0, revision,
            Ownership.ReferenceTo(set, $"{LeaderWorkerSet.Group}/v1", "LeaderWorkerSet"));
    }

    /// <summary>Owned by the leader, so that they go with it.</summary>
    public static V1Pod Worker(LeaderWorkerSet set, V1Pod leader, int group, int worker, string revision) =>
        Build(set, set.Spec!.LeaderWorkerTemplate!.WorkerTemplate!, $"{leader.Metadata.Name}-{worker}", group, worker, revision, Ownership.ReferenceTo(leader, "v1", "Pod"));

    /// <summary>Gives every pod a name that it can be found by, ready or not.</summary>
    public static V1Service Service(LeaderWorkerSet set) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = set.Metadata.Name,
            NamespaceProperty = set.Metadata.NamespaceProperty,
            OwnerReferences = [Ownership.ReferenceTo(set, $"{LeaderWorkerSet.Group}/v1", "LeaderWorkerSet")],
        },
        Spec = new V1ServiceSpec
        {
            ClusterIP = "None",
            Selector = new Dictionary<string, string> { [PodGroup.NameLabel] = set.Metadata.Name! },
            PublishNotReadyAddresses = true,
        },
    };

    private static V1Pod Build(LeaderWorkerSet set, V1PodTemplateSpec template, string name, int group, int worker, string revision, V1OwnerReference owner)
    {
        var labels = new Dictionary<string, string>(template.Metadata?.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [PodGroup.NameLabel] = set.Metadata.Name!,
            [PodGroup.GroupLabel] = Text(group),
            [PodGroup.WorkerLabel] = Text(worker),
            [PodGroup.RevisionLabel] = revision,
        };
        var size = GroupPlanner.Size(set);
        var annotations = new Dictionary<string, string>(template.Metadata?.Annotations ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            ["leaderworkerset.sigs.k8s.io/size"] = Text(size),
        };
        if (worker > 0)
        {
            annotations["leaderworkerset.sigs.k8s.io/leader-name"] = $"{set.Metadata.Name}-{group}";
        }

        V1EnvVar[] environment =
        [
            new() { Name = "LWS_LEADER_ADDRESS", Value = $"{set.Metadata.Name}-{group}.{set.Metadata.Name}.{set.Metadata.NamespaceProperty}" },
            new() { Name = "LWS_GROUP_SIZE", Value = Text(size) },
            new() { Name = "LWS_WORKER_INDEX", Value = Text(worker) },
        ];
        V1Container WithEnvironment(V1Container container) => container with { Env = [.. environment, .. (container.Env ?? []).Where(e => environment.All(o => o.Name != e.Name))] };
        var spec = template.Spec!;
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = set.Metadata.NamespaceProperty,
                Labels = labels,
                Annotations = annotations,
                OwnerReferences = [owner],
            },
            Spec = spec with
            {
                Hostname = name,
                Subdomain = set.Metadata.Name,
                InitContainers = spec.InitContainers is { } inits ? [.. inits.Select(WithEnvironment)] : null,
                Containers = [.. (spec.Containers ?? []).Select(WithEnvironment)],
            },
        };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
