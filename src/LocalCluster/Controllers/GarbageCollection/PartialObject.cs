using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>An object of any kind, of which only the metadata matters.</summary>
internal sealed record PartialObject : IKubernetesObject
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public V1ObjectMeta Metadata { get; init; } = new();
}
