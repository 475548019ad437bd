using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Keeps the two endpoints of an object apart: the main one never writes status, and /status nothing else.</summary>
internal static class StatusIsolation
{
    public static void KeepStatus(JsonObject updated, JsonObject live)
    {
        if (live["status"] is { } status)
        {
            updated["status"] = status.DeepClone();
        }
        else
        {
            updated.Remove("status");
        }
    }

    public static void KeepAllButStatus(ResourceDefinition resource, JsonObject updated, JsonObject live)
    {
        var status = updated["status"]?.DeepClone();
        var metadata = (JsonObject)updated["metadata"]!.DeepClone();
        KeepAll(updated, live);
        if (status is null)
        {
            updated.Remove("status");
        }
        else
        {
            updated["status"] = status;
        }

        if (resource.IsCustom || resource.Group is "apps" or "batch")
        {
            return;
        }

        // Nodes and pods report labels and annotations together with their status.
        foreach (var name in (string[])["labels", "annotations", "finalizers"])
        {
            if (metadata[name] is { } value)
            {
                updated["metadata"]![name] = value.DeepClone();
            }
        }
    }

    /// <summary>Everything but managedFields is as it was.</summary>
    public static void KeepAll(JsonObject updated, JsonObject live)
    {
        var managed = updated["metadata"]?["managedFields"]?.DeepClone();
        updated.Clear();
        foreach (var (name, value) in live)
        {
            updated[name] = value?.DeepClone();
        }

        if (managed is not null)
        {
            updated["metadata"]!["managedFields"] = managed;
        }
    }
}
