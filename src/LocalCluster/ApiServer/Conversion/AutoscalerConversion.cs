using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Conversion;

/// <summary>HorizontalPodAutoscaler v1 knows one CPU target; v2, which is stored, a list of metrics.</summary>
internal static class AutoscalerConversion
{
    public static JsonObject FromV1(JsonObject v1)
    {
        var result = (JsonObject)v1.DeepClone();
        if (result["spec"] is JsonObject spec && spec["targetCPUUtilizationPercentage"] is JsonNode target)
        {
            spec.Remove("targetCPUUtilizationPercentage");
            spec["metrics"] = new JsonArray(new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject
                {
                    ["name"] = "cpu",
                    ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = target.DeepClone() },
                },
            });
        }

        return result;
    }

    public static JsonObject ToV1(JsonObject v2)
    {
        var result = (JsonObject)v2.DeepClone();
        if (result["spec"] is JsonObject spec && spec["metrics"] is JsonArray metrics)
        {
            spec.Remove("metrics");
            var cpu = metrics.FirstOrDefault(m => m?["resource"]?["name"]?.ToString() == "cpu")?["resource"]?["target"]?["averageUtilization"];
            if (cpu is not null)
            {
                spec["targetCPUUtilizationPercentage"] = cpu.DeepClone();
            }
        }

        return result;
    }
}
