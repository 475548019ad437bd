using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Namespaces are held by spec.finalizers, which only the finalize subresource changes.</summary>
internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
        value["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        value["status"] = new JsonObject { ["phase"] = "Active" };
        var metadata = (JsonObject)value["metadata"]!;
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        labels["kubernetes.io/metadata.name"] = metadata["name"]?.DeepClone();
    }

    public override void PrepareForUpdate(ResourceDefinition resource, JsonObject value, JsonObject live)
    {
        value["spec"] = live["spec"]?.DeepClone() ?? new JsonObject();
        var metadata = (JsonObject)value["metadata"]!;
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        labels["kubernetes.io/metadata.name"] = metadata["name"]?.DeepClone();
    }

    public override bool IsHeld(JsonObject value) => value["spec"]?["finalizers"] is JsonArray { Count: > 0 };

    public override void MarkDeleting(JsonObject value)
    {
        if (value["status"] is not JsonObject status)
        {
            value["status"] = status = [];
        }

        status["phase"] = "Terminating";
    }

    public override string? RefuseDelete(string name) =>
        name is "default" or "kube-system" or "kube-public" ? "this namespace may not be deleted" : null;
}
