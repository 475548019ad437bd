namespace Octavo.KubernetesClient.Models;

/// <summary>What every API object has. <c>ApiVersion</c> and <c>Kind</c> may be absent in items of a list.</summary>
public interface IKubernetesObject
{
    string? ApiVersion { get; init; }
    string? Kind { get; init; }
    V1ObjectMeta Metadata { get; init; }
}
