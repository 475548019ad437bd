namespace Octavo.KubernetesClient.Models;

/// <summary>Body of a POST to <c>pods/{name}/binding</c>; it has no path of its own.</summary>
public sealed record V1Binding : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Binding";
    public V1ObjectMeta Metadata { get; init; } = new();
    public required V1ObjectReference Target { get; init; }
}
