using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Pods start Pending and leave gracefully once they are bound to a node.</summary>
internal sealed class PodStrategy : ResourceStrategy
{
    private const long DefaultGracePeriodSeconds = 30;

    public override bool IsGraceful => true;

    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value) =>
        value["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(value["spec"] as JsonObject ?? []) };

    public override void CompleteStatus(JsonObject value)
    {
        foreach (var condition in (value["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            condition.TryAdd("lastProbeTime", null);
            condition.TryAdd("lastTransitionTime", null);
        }

        foreach (var container in (value["status"]?["containerStatuses"] as JsonArray ?? []).OfType<JsonObject>())
        {
            container.TryAdd("lastState", new JsonObject());
        }
    }

    public override long GracePeriodSeconds(JsonObject value, long? asked)
    {
        if (value["spec"]?["nodeName"] is null || value["status"]?["phase"]?.ToString() is "Succeeded" or "Failed")
        {
            return 0;
        }

        return asked ?? value["spec"]?["terminationGracePeriodSeconds"].AsWhole() ?? DefaultGracePeriodSeconds;
    }

    /// <summary>Guaranteed when every container limits cpu and memory and requests as much; BestEffort when none asks for either.</summary>
    private static string QualityOfService(JsonObject spec)
    {
        var guaranteed = true;
        var any = false;
        var containers = (spec["containers"] as JsonArray ?? []).Concat(spec["initContainers"] as JsonArray ?? []);
        foreach (var container in containers)
        {
            var requests = container?["resources"]?["requests"] as JsonObject;
            var limits = container?["resources"]?["limits"] as JsonObject;
            foreach (var name in (string[])["cpu", "memory"])
            {
                var request = requests?[name]?.ToString();
                var limit = limits?[name]?.ToString();
                any |= request is not null || limit is not null;
                guaranteed &= limit is not null && (request is null || request == limit);
            }
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
