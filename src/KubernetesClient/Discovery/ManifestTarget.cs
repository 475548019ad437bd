using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Discovery;

/// <summary>What a manifest says about where it belongs.</summary>
internal sealed record ManifestTarget(string GroupVersion, string Kind, string Name, string? Namespace)
{
    /// <summary>Throws <see cref="ArgumentException"/> where a word is missing.</summary>
    public static ManifestTarget Read(JsonObject manifest)
    {
        var metadata = manifest["metadata"] as JsonObject;
        return new ManifestTarget(
            Text(manifest, "apiVersion") ?? throw new ArgumentException("the manifest has no apiVersion", nameof(manifest)),
            Text(manifest, "kind") ?? throw new ArgumentException("the manifest has no kind", nameof(manifest)),
            Text(metadata, "name") ?? throw new ArgumentException("the manifest has no metadata.name", nameof(manifest)),
            Text(metadata, "namespace"));
    }

    private static string? Text(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
