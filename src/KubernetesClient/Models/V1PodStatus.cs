namespace Octavo.KubernetesClient.Models;

public sealed record V1PodStatus : KubernetesRecord
{
    /// <summary>Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string? Phase { get; init; }

    public string? Reason { get; init; }
    public string? Message { get; init; }
    public long? ObservedGeneration { get; init; }
    public IReadOnlyList<V1PodCondition>? Conditions { get; init; }
    public IReadOnlyList<V1ContainerStatus>? InitContainerStatuses { get; init; }
    public IReadOnlyList<V1ContainerStatus>? ContainerStatuses { get; init; }
    public string? HostIP { get; init; }
    public IReadOnlyList<V1HostIP>? HostIPs { get; init; }
    public string? PodIP { get; init; }
    public IReadOnlyList<V1PodIP>? PodIPs { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public string? QosClass { get; init; }
    public string? NominatedNodeName { get; init; }
}

public sealed record V1PodCondition : KubernetesRecord
{
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastProbeTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
    public long? ObservedGeneration { get; init; }
}

public sealed record V1PodIP : KubernetesRecord
{
    public string? Ip { get; init; }
}

public sealed record V1HostIP : KubernetesRecord
{
    public string? Ip { get; init; }
}

public sealed record V1ContainerStatus : KubernetesRecord
{
    public required string Name { get; init; }
    public bool Ready { get; init; }
    public bool? Started { get; init; }
    public int RestartCount { get; init; }
    public string? Image { get; init; }
    public string? ImageID { get; init; }
    public string? ContainerID { get; init; }
    public V1ContainerState? State { get; init; }
    public V1ContainerState? LastState { get; init; }
}

/// <summary>Exactly one member is set; none means waiting.</summary>
public sealed record V1ContainerState : KubernetesRecord
{
    public V1ContainerStateWaiting? Waiting { get; init; }
    public V1ContainerStateRunning? Running { get; init; }
    public V1ContainerStateTerminated? Terminated { get; init; }
}

public sealed record V1ContainerStateWaiting : KubernetesRecord
{
    public string? Reason { get; init; }
    public string? Message { get; init; }
}

public sealed record V1ContainerStateRunning : KubernetesRecord
{
    public DateTimeOffset? StartedAt { get; init; }
}

public sealed record V1ContainerStateTerminated : KubernetesRecord
{
    public int ExitCode { get; init; }
    public int? Signal { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string? ContainerID { get; init; }
}
