using System.Text.Json.Serialization;

namespace Octavo.KubernetesClient.Models;

public sealed record V1ObjectReference : KubernetesRecord
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public string? Name { get; init; }

    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }

    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public string? FieldPath { get; init; }
}
