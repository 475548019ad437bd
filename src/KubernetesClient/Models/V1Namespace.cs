namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Namespace", PluralName = "namespaces", Namespaced = false)]
public sealed record V1Namespace : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Namespace";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1NamespaceSpec? Spec { get; init; }
    public V1NamespaceStatus? Status { get; init; }
}

public sealed record V1NamespaceSpec : KubernetesRecord
{
    public IReadOnlyList<string>? Finalizers { get; init; }
}

public sealed record V1NamespaceStatus : KubernetesRecord
{
    /// <summary>Active or Terminating.</summary>
    public string? Phase { get; init; }

    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
