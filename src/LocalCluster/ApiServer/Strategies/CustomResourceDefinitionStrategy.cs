using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>A definition holds itself until its objects are gone.</summary>
internal sealed class CustomResourceDefinitionStrategy : ResourceStrategy
{
    private const string Cleanup = "customresourcecleanup.apiextensions.k8s.io";

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
        var stored = new JsonArray();
        foreach (var version in value["spec"]?["versions"] as JsonArray ?? [])
        {
            if (version?["storage"] is JsonValue storage && storage.TryGetValue(out bool isStored) && isStored)
            {
                stored.Add(version["name"]?.DeepClone());
            }
        }

        value["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = stored,
        };
    }

    public override void MarkDeleting(JsonObject value)
    {
        var metadata = (JsonObject)value["metadata"]!;
        if (metadata["finalizers"] is not JsonArray finalizers)
        {
            metadata["finalizers"] = finalizers = [];
        }

        if (!finalizers.Any(f => f?.ToString() == Cleanup))
        {
            finalizers.Add((JsonNode)Cleanup);
        }
    }
}
