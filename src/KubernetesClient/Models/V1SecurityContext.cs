namespace Octavo.KubernetesClient.Models;

/// <summary>Of a container.</summary>
public sealed record V1SecurityContext : KubernetesRecord
{
    public bool? AllowPrivilegeEscalation { get; init; }
    public V1Capabilities? Capabilities { get; init; }
    public bool? Privileged { get; init; }
    public bool? ReadOnlyRootFilesystem { get; init; }
    public bool? RunAsNonRoot { get; init; }
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public V1SeccompProfile? SeccompProfile { get; init; }
}

/// <summary>Of a pod.</summary>
public sealed record V1PodSecurityContext : KubernetesRecord
{
    public long? FsGroup { get; init; }
    public string? FsGroupChangePolicy { get; init; }
    public bool? RunAsNonRoot { get; init; }
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public IReadOnlyList<long>? SupplementalGroups { get; init; }
    public V1SeccompProfile? SeccompProfile { get; init; }
}

public sealed record V1Capabilities : KubernetesRecord
{
    public IReadOnlyList<string>? Add { get; init; }
    public IReadOnlyList<string>? Drop { get; init; }
}

public sealed record V1SeccompProfile : KubernetesRecord
{
    /// <summary>RuntimeDefault, Localhost or Unconfined.</summary>
    public required string Type { get; init; }

    public string? LocalhostProfile { get; init; }
}
