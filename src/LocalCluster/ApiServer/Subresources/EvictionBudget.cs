using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>What a PodDisruptionBudget says to an eviction. Pure.</summary>
internal static class EvictionBudget
{
    private const string Violated = "Cannot evict pod as it would violate the pod's disruption budget.";
    private const int MaxUnconfirmed = 2000;

    /// <summary>A pod that is not ready may go without counting, by the budget's policy.</summary>
    public static bool AllowsUnready(JsonObject budget, JsonObject pod)
    {
        var ready = (pod["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>().Any(c => c["type"].AsText() == "Ready" && c["status"].AsText() == "True");
        if (ready)
        {
            return false;
        }

        var desired = Status(budget, "desiredHealthy");
        return budget["spec"]?["unhealthyPodEvictionPolicy"].AsText() == "AlwaysAllow" || (desired > 0 && Status(budget, "currentHealthy") >= desired);
    }

    /// <summary>The budget with one disruption less and the pod noted.</summary>
    /// <exception cref="ApiException">429: none is left, or the budget has not been looked at yet.</exception>
    public static JsonObject Take(JsonObject budget, string pod, string now)
    {
        var name = budget["metadata"]!["name"]!.ToString();
        if (Status(budget, "observedGeneration") < (budget["metadata"]!["generation"].AsWhole() ?? 0))
        {
            throw Refusal($"The disruption budget {name} is still being processed by the server.", retryAfter: 10);
        }

        var allowed = Status(budget, "disruptionsAllowed");
        if (allowed < 0)
        {
            throw ApiErrors.Forbidden("policy", "poddisruptionbudgets", name, "pdb disruptions allowed is negative");
        }

        if (budget["status"]?["disruptedPods"] is JsonObject { Count: > MaxUnconfirmed })
        {
            throw ApiErrors.Forbidden("policy", "poddisruptionbudgets", name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
        }

        if (allowed == 0)
        {
            var failed = (budget["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>()
                .FirstOrDefault(c => c["type"].AsText() == "DisruptionAllowed" && c["status"].AsText() == "False" && c["reason"].AsText() == "SyncFailed");
            throw Refusal(failed is not null
                ? $"The disruption budget {name} does not allow evicting pods currently because it failed sync: {failed["message"]}"
                : $"The disruption budget {name} needs {Status(budget, "desiredHealthy")} healthy pods and has {Status(budget, "currentHealthy")} currently", retryAfter: null);
        }

        var taken = (JsonObject)budget.DeepClone();
        var status = (JsonObject)taken["status"]!;
        status["disruptionsAllowed"] = allowed - 1;
        if (status["disruptedPods"] is not JsonObject disrupted)
        {
            status["disruptedPods"] = disrupted = [];
        }

        disrupted[pod] = now;
        return taken;
    }

    private static ApiException Refusal(string why, int? retryAfter)
    {
        var details = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = why }) };
        if (retryAfter is { } seconds)
        {
            details["retryAfterSeconds"] = seconds;
        }

        return new ApiException(429, Violated, "TooManyRequests", details) { RetryAfterSeconds = retryAfter };
    }

    private static long Status(JsonObject budget, string name) => budget["status"]?[name].AsWhole() ?? 0;
}
