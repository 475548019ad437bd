using System.Text.Json;

namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Pod", PluralName = "pods")]
public sealed record V1Pod : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Pod";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1PodSpec? Spec { get; init; }
    public V1PodStatus? Status { get; init; }
}

public sealed record V1PodTemplateSpec : KubernetesRecord
{
    public V1ObjectMeta? Metadata { get; init; }
    public V1PodSpec? Spec { get; init; }
}

public sealed record V1PodSpec : KubernetesRecord
{
    public IReadOnlyList<V1Container>? InitContainers { get; init; }
    public IReadOnlyList<V1Container>? Containers { get; init; }
    public IReadOnlyList<V1Volume>? Volumes { get; init; }
    public string? NodeName { get; init; }
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>Kept as it came: only the scheduler reads it.</summary>
    public JsonElement? Affinity { get; init; }

    public IReadOnlyList<V1Toleration>? Tolerations { get; init; }

    /// <summary>Kept as it came: only the scheduler reads it.</summary>
    public JsonElement? TopologySpreadConstraints { get; init; }

    public IReadOnlyList<V1PodSchedulingGate>? SchedulingGates { get; init; }
    public string? SchedulerName { get; init; }
    public string? ServiceAccountName { get; init; }
    public bool? AutomountServiceAccountToken { get; init; }
    public IReadOnlyList<V1LocalObjectReference>? ImagePullSecrets { get; init; }
    public string? PriorityClassName { get; init; }
    public int? Priority { get; init; }
    public string? PreemptionPolicy { get; init; }
    public string? RuntimeClassName { get; init; }

    /// <summary>Always, OnFailure or Never.</summary>
    public string? RestartPolicy { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }
    public long? ActiveDeadlineSeconds { get; init; }
    public V1PodSecurityContext? SecurityContext { get; init; }
    public bool? HostNetwork { get; init; }
    public bool? HostPID { get; init; }
    public bool? HostIPC { get; init; }
    public bool? ShareProcessNamespace { get; init; }
    public string? Hostname { get; init; }
    public string? Subdomain { get; init; }
    public string? DnsPolicy { get; init; }
    public bool? EnableServiceLinks { get; init; }
    public IReadOnlyList<V1PodReadinessGate>? ReadinessGates { get; init; }
    public IReadOnlyDictionary<string, string>? Overhead { get; init; }
}

public sealed record V1PodSchedulingGate : KubernetesRecord
{
    public required string Name { get; init; }
}

public sealed record V1PodReadinessGate : KubernetesRecord
{
    public required string ConditionType { get; init; }
}

public sealed record V1Toleration : KubernetesRecord
{
    public string? Key { get; init; }

    /// <summary>Exists or Equal.</summary>
    public string? Operator { get; init; }

    public string? Value { get; init; }
    public string? Effect { get; init; }
    public long? TolerationSeconds { get; init; }
}

public sealed record V1LocalObjectReference : KubernetesRecord
{
    public string? Name { get; init; }
}
