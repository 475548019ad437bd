using System.Text.Json;

namespace Octavo.KubernetesClient.Models;

/// <summary>A volume; exactly one source is set. Sources not named here stay in the additional properties.</summary>
public sealed record V1Volume : KubernetesRecord
{
    public required string Name { get; init; }
    public V1EmptyDirVolumeSource? EmptyDir { get; init; }
    public V1ConfigMapVolumeSource? ConfigMap { get; init; }
    public V1SecretVolumeSource? Secret { get; init; }
    public V1HostPathVolumeSource? HostPath { get; init; }
    public V1PersistentVolumeClaimVolumeSource? PersistentVolumeClaim { get; init; }
    public V1DownwardAPIVolumeSource? DownwardAPI { get; init; }
    public V1ImageVolumeSource? Image { get; init; }

    /// <summary>Kept as it came.</summary>
    public JsonElement? Projected { get; init; }
}

/// <summary>An OCI image or artifact, mounted read-only.</summary>
public sealed record V1ImageVolumeSource : KubernetesRecord
{
    public string? Reference { get; init; }

    /// <summary>Always, IfNotPresent or Never.</summary>
    public string? PullPolicy { get; init; }
}

public sealed record V1EmptyDirVolumeSource : KubernetesRecord
{
    /// <summary>Empty for the node's disk, or Memory.</summary>
    public string? Medium { get; init; }

    public string? SizeLimit { get; init; }
}

public sealed record V1ConfigMapVolumeSource : KubernetesRecord
{
    public string? Name { get; init; }
    public IReadOnlyList<V1KeyToPath>? Items { get; init; }
    public int? DefaultMode { get; init; }
    public bool? Optional { get; init; }
}

public sealed record V1SecretVolumeSource : KubernetesRecord
{
    public string? SecretName { get; init; }
    public IReadOnlyList<V1KeyToPath>? Items { get; init; }
    public int? DefaultMode { get; init; }
    public bool? Optional { get; init; }
}

public sealed record V1KeyToPath : KubernetesRecord
{
    public required string Key { get; init; }
    public required string Path { get; init; }
    public int? Mode { get; init; }
}

public sealed record V1HostPathVolumeSource : KubernetesRecord
{
    public required string Path { get; init; }
    public string? Type { get; init; }
}

public sealed record V1PersistentVolumeClaimVolumeSource : KubernetesRecord
{
    public required string ClaimName { get; init; }
    public bool? ReadOnly { get; init; }
}

public sealed record V1DownwardAPIVolumeSource : KubernetesRecord
{
    public IReadOnlyList<V1DownwardAPIVolumeFile>? Items { get; init; }
    public int? DefaultMode { get; init; }
}

public sealed record V1DownwardAPIVolumeFile : KubernetesRecord
{
    public required string Path { get; init; }
    public V1ObjectFieldSelector? FieldRef { get; init; }
    public V1ResourceFieldSelector? ResourceFieldRef { get; init; }
    public int? Mode { get; init; }
}
