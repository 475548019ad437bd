using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>Any pod of the cluster, with no more than what tells which resources of which node it has or wants: there are many of them.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "Pod", PluralName = "pods")]
internal sealed record ClusterPod : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";

    public string? Kind { get; init; } = "Pod";

    /// <summary>What identifies the pod; the rest is dropped as it is read.</summary>
    public V1ObjectMeta Metadata
    {
        get;
        init => field = new V1ObjectMeta
        {
            Name = value.Name,
            NamespaceProperty = value.NamespaceProperty,
            Uid = value.Uid,
            ResourceVersion = value.ResourceVersion,
            DeletionTimestamp = value.DeletionTimestamp,
            Labels = value.Labels,
        };
    } = new();

    public ClusterPodSpec? Spec { get; init; }

    public ClusterPodStatus? Status { get; init; }

    /// <summary>As the rules of scheduling read it.</summary>
    public V1Pod ToPod() => new()
    {
        Metadata = Metadata,
        Spec = new V1PodSpec
        {
            NodeName = Spec?.NodeName,
            Containers = Spec?.Containers?.Select(c => c.ToContainer()).ToList(),
            InitContainers = Spec?.InitContainers?.Select(c => c.ToContainer()).ToList(),
            NodeSelector = Spec?.NodeSelector,
            Affinity = Spec?.Affinity,
            Tolerations = Spec?.Tolerations,
            SchedulingGates = Spec?.SchedulingGates,
            Overhead = Spec?.Overhead,
        },
        Status = new V1PodStatus { Phase = Status?.Phase, NominatedNodeName = Status?.NominatedNodeName },
    };
}

/// <summary>Part of <see cref="ClusterPod"/>.</summary>
internal sealed record ClusterPodSpec
{
    public string? NodeName { get; init; }
    public IReadOnlyList<ClusterContainer>? Containers { get; init; }
    public IReadOnlyList<ClusterContainer>? InitContainers { get; init; }
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }
    public JsonElement? Affinity { get; init; }
    public IReadOnlyList<V1Toleration>? Tolerations { get; init; }
    public IReadOnlyList<V1PodSchedulingGate>? SchedulingGates { get; init; }
    public IReadOnlyDictionary<string, string>? Overhead { get; init; }
}

/// <summary>Part of <see cref="ClusterPod"/>.</summary>
internal sealed record ClusterPodStatus
{
    public string? Phase { get; init; }
    public string? NominatedNodeName { get; init; }
}

/// <summary>Part of <see cref="ClusterPod"/>.</summary>
internal sealed record ClusterContainer
{
    public string Name { get; init; } = "";
    public V1ResourceRequirements? Resources { get; init; }
    public IReadOnlyList<V1ContainerPort>? Ports { get; init; }
    public string? RestartPolicy { get; init; }

    public V1Container ToContainer() => new() { Name = Name, Resources = Resources, Ports = Ports, RestartPolicy = RestartPolicy };
}
