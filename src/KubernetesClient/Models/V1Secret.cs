namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Secret", PluralName = "secrets")]
public sealed record V1Secret : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Secret";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>Base64 on the wire.</summary>
    public IReadOnlyDictionary<string, byte[]>? Data { get; init; }

    /// <summary>Only written; the server merges it into <see cref="Data"/>.</summary>
    public IReadOnlyDictionary<string, string>? StringData { get; init; }

    public string? Type { get; init; }
    public bool? Immutable { get; init; }

    /// <summary>Names and no values: a secret that is logged by accident stays one.</summary>
    public override string ToString() => $"V1Secret {{ {Metadata.NamespaceProperty}/{Metadata.Name}, keys: {string.Join(", ", Data?.Keys ?? [])} }}";

}
