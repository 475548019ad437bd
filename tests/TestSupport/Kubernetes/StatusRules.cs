using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>What tools may expect of the status of a custom resource: kstatus's reading of it, and the conventions for conditions that kubectl wait and others rely on.</summary>
public static partial class StatusRules
{
    /// <summary>How kstatus (Flux, kpt, cli-utils) reads a resource of a kind that it has no code for: Current, InProgress, Failed or Terminating.</summary>
    public static string KStatus(JsonObject resource)
    {
        if (resource["metadata"]?["deletionTimestamp"] is not null)
        {
            return "Terminating";
        }

        if ((long?)resource["status"]?["observedGeneration"] is { } observed && observed != (long?)resource["metadata"]?["generation"])
        {
            return "InProgress";
        }

        foreach (var condition in Conditions(resource).Where(c => (string?)c["status"] == "True"))
        {
            switch ((string?)condition["type"])
            {
                case "Reconciling":
                    return "InProgress";
                case "Stalled":
                    return "Failed";
            }
        }

        return (string?)Conditions(resource).FirstOrDefault(c => (string?)c["type"] == "Ready")?["status"] is "False" or "Unknown" ? "InProgress" : "Current";
    }

    /// <summary>What is wrong with a status that its controller has just written.</summary>
    public static IEnumerable<string> Violations(JsonObject resource)
    {
        var generation = (long?)resource["metadata"]?["generation"];
        var conditions = Conditions(resource).ToList();
        if ((long?)resource["status"]?["observedGeneration"] != generation)
        {
            yield return $"status.observedGeneration is {resource["status"]?["observedGeneration"]} at generation {generation}";
        }

        foreach (var twice in conditions.GroupBy(c => (string?)c["type"]).Where(g => g.Count() > 1))
        {
            yield return $"condition {twice.Key} is there {twice.Count()} times";
        }

        foreach (var condition in conditions)
        {
            foreach (var violation in Violations(condition, generation))
            {
                yield return $"condition {condition["type"]}: {violation}";
            }
        }

        string? Status(string type) => (string?)conditions.FirstOrDefault(c => (string?)c["type"] == type)?["status"];
        if (Status("Ready") is null)
        {
            yield return "there is no condition Ready, which reads as Current";
        }

        if (Status("Reconciling") is not null && Status("Stalled") is not null)
        {
            yield return "Reconciling and Stalled exclude each other";
        }

        if (KStatus(resource) == "Current" && Status("Ready") != "True")
        {
            yield return "reads as Current and is not ready";
        }
    }

    private static IEnumerable<string> Violations(JsonObject condition, long? generation)
    {
        var type = (string?)condition["type"] ?? "";
        if ((string?)condition["status"] is not ("True" or "False" or "Unknown"))
        {
            yield return $"status {condition["status"]}";
        }

        if (type is "Reconciling" or "Stalled" && (string?)condition["status"] != "True")
        {
            yield return "is of those that are absent unless they are True";
        }

        if (!TypeName().IsMatch(type))
        {
            yield return "its type is no condition's";
        }

        if (!ReasonName().IsMatch((string?)condition["reason"] ?? ""))
        {
            yield return $"reason '{condition["reason"]}' is no CamelCase word";
        }

        if (string.IsNullOrWhiteSpace((string?)condition["message"]) || ((string)condition["message"]!).Length > 32_768)
        {
            yield return "has no message, or one that is too long";
        }

        if (condition["lastTransitionTime"] is null)
        {
            yield return "has no time";
        }

        if ((long?)condition["observedGeneration"] != generation)
        {
            yield return $"speaks of generation {condition["observedGeneration"]}, not of {generation}";
        }
    }

    private static IEnumerable<JsonObject> Conditions(JsonObject resource) => (resource["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{0,63}$", RegexOptions.None, 1000)]
    private static partial Regex TypeName();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{0,127}$", RegexOptions.None, 1000)]
    private static partial Regex ReasonName();
}
