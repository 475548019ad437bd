namespace Octavo.LocalCluster.Node.Pods;

/// <summary>What the node knows of a pod at one moment; <see cref="PodStatusBuilder"/> turns it into the status.</summary>
internal sealed record PodSnapshot
{
    public string? PodIP { get; init; }
    public required string HostIP { get; init; }
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Address and volumes are there.</summary>
    public bool SandboxReady { get; init; }

    /// <summary>All containers have ended for good: the phase becomes Succeeded or Failed whatever the restart policy.</summary>
    public bool Finished { get; init; }

    /// <summary>Why the pod as a whole failed, such as DeadlineExceeded.</summary>
    public string? FailureReason { get; init; }

    public string? FailureMessage { get; init; }

    public IReadOnlyList<ContainerSnapshot> InitContainers { get; init; } = [];
    public IReadOnlyList<ContainerSnapshot> Containers { get; init; } = [];
}
