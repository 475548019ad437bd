namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Node", PluralName = "nodes", Namespaced = false)]
public sealed record V1Node : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Node";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1NodeSpec? Spec { get; init; }
    public V1NodeStatus? Status { get; init; }
}

public sealed record V1NodeSpec : KubernetesRecord
{
    public bool? Unschedulable { get; init; }
    public IReadOnlyList<V1Taint>? Taints { get; init; }
    public string? PodCIDR { get; init; }
    public string? ProviderID { get; init; }
}

public sealed record V1Taint : KubernetesRecord
{
    public required string Key { get; init; }
    public string? Value { get; init; }

    /// <summary>NoSchedule, PreferNoSchedule or NoExecute.</summary>
    public required string Effect { get; init; }

    public DateTimeOffset? TimeAdded { get; init; }
}

public sealed record V1NodeStatus : KubernetesRecord
{
    public IReadOnlyDictionary<string, string>? Capacity { get; init; }
    public IReadOnlyDictionary<string, string>? Allocatable { get; init; }
    public IReadOnlyList<V1NodeCondition>? Conditions { get; init; }
    public IReadOnlyList<V1NodeAddress>? Addresses { get; init; }
    public V1NodeSystemInfo? NodeInfo { get; init; }
}

public sealed record V1NodeCondition : KubernetesRecord
{
    public required string Type { get; init; }
    public required string Status { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastHeartbeatTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
}

public sealed record V1NodeAddress : KubernetesRecord
{
    /// <summary>InternalIP, ExternalIP, Hostname, …</summary>
    public required string Type { get; init; }

    public required string Address { get; init; }
}

public sealed record V1NodeSystemInfo : KubernetesRecord
{
    public string MachineID { get; init; } = "";
    public string SystemUUID { get; init; } = "";
    public string BootID { get; init; } = "";
    public string KernelVersion { get; init; } = "";
    public string OsImage { get; init; } = "";
    public string ContainerRuntimeVersion { get; init; } = "";
    public string KubeletVersion { get; init; } = "";
    public string KubeProxyVersion { get; init; } = "";
    public string OperatingSystem { get; init; } = "";
    public string Architecture { get; init; } = "";
}
