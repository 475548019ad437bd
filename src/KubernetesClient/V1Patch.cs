using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient;

/// <summary>A patch and the media type that says how to read it.</summary>
public sealed record V1Patch(JsonNode Content, V1PatchType Type);

public enum V1PatchType
{
    JsonPatch,
    MergePatch,
    StrategicMergePatch,
}
