using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Conversion;

/// <summary>
/// Moves objects between the version they are stored in and the version a path asks for. Custom resources differ only in
/// apiVersion (strategy None); events and autoscalers have two forms.
/// </summary>
internal static class VersionConversion
{
    /// <summary>The object as the resource's version shows it; the stored instance itself where nothing changes.</summary>
    public static JsonObject ToServed(ResourceDefinition resource, JsonObject stored)
    {
        if (stored["apiVersion"]?.GetValue<string>() == resource.ApiVersion)
        {
            return stored;
        }

        var served = resource.ApiVersion switch
        {
            "events.k8s.io/v1" => EventConversion.FromCore(stored),
            "autoscaling/v1" => AutoscalerConversion.ToV1(stored),
            _ => (JsonObject)stored.DeepClone(),
        };
        served["apiVersion"] = resource.ApiVersion;
        return served;
    }

    /// <summary>The object as it is stored. The argument may be returned.</summary>
    public static JsonObject ToStored(ResourceDefinition resource, JsonObject served)
    {
        if (resource.StorageApiVersion == resource.ApiVersion)
        {
            return served;
        }

        var stored = resource.ApiVersion switch
        {
            "events.k8s.io/v1" => EventConversion.ToCore(served),
            "autoscaling/v1" => AutoscalerConversion.FromV1(served),
            _ => served,
        };
        stored["apiVersion"] = resource.StorageApiVersion;
        if (resource.StorageSchema is { } schema)
        {
            // What the storage version does not know is lost, and what it defaults is there, whatever version wrote the object.
            Pruner.Prune(schema, stored);
            Defaulter.Apply(schema, stored);
        }

        return stored;
    }
}
