using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.KubernetesClient.Models;

/// <summary>Metadata of an object. Times are RFC 3339 in UTC.</summary>
public sealed record V1ObjectMeta : KubernetesRecord
{
    public string? Name { get; init; }
    public string? GenerateName { get; init; }

    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }

    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public long? Generation { get; init; }
    public DateTimeOffset? CreationTimestamp { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public long? DeletionGracePeriodSeconds { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public IReadOnlyList<V1OwnerReference>? OwnerReferences { get; init; }
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>Kept as it came; <see cref="KubernetesClient.ManagedFields.Owners(V1ObjectMeta, ReadOnlySpan{string})"/> reads it.</summary>
    public JsonElement? ManagedFields { get; init; }
}

public sealed record V1OwnerReference : KubernetesRecord
{
    public required string ApiVersion { get; init; }
    public required string Kind { get; init; }
    public required string Name { get; init; }
    public required string Uid { get; init; }
    public bool? Controller { get; init; }
    public bool? BlockOwnerDeletion { get; init; }
}
