namespace Octavo.KubernetesClient.Models;

public sealed record V1EnvVar : KubernetesRecord
{
    public required string Name { get; init; }

    /// <summary>May refer to earlier variables as <c>$(NAME)</c>.</summary>
    public string? Value { get; init; }

    public V1EnvVarSource? ValueFrom { get; init; }
}

/// <summary>Exactly one member is set.</summary>
public sealed record V1EnvVarSource : KubernetesRecord
{
    public V1ObjectFieldSelector? FieldRef { get; init; }
    public V1ResourceFieldSelector? ResourceFieldRef { get; init; }
    public V1ConfigMapKeySelector? ConfigMapKeyRef { get; init; }
    public V1SecretKeySelector? SecretKeyRef { get; init; }
}

public sealed record V1ObjectFieldSelector : KubernetesRecord
{
    public string? ApiVersion { get; init; }

    /// <summary>Such as <c>status.podIP</c> or <c>metadata.labels['a']</c>.</summary>
    public required string FieldPath { get; init; }
}

public sealed record V1ResourceFieldSelector : KubernetesRecord
{
    public string? ContainerName { get; init; }
    public required string Resource { get; init; }
    public string? Divisor { get; init; }
}

public sealed record V1ConfigMapKeySelector : KubernetesRecord
{
    public string? Name { get; init; }
    public required string Key { get; init; }
    public bool? Optional { get; init; }
}

public sealed record V1SecretKeySelector : KubernetesRecord
{
    public string? Name { get; init; }
    public required string Key { get; init; }
    public bool? Optional { get; init; }
}

public sealed record V1EnvFromSource : KubernetesRecord
{
    public string? Prefix { get; init; }
    public V1EnvSourceReference? ConfigMapRef { get; init; }
    public V1EnvSourceReference? SecretRef { get; init; }
}

public sealed record V1EnvSourceReference : KubernetesRecord
{
    public string? Name { get; init; }
    public bool? Optional { get; init; }
}
