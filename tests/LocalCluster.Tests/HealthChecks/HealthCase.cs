using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.Tests.HealthChecks;

/// <summary>A status of an InferenceService, and how tools have to read it.</summary>
/// <param name="Name">For people.</param>
/// <param name="KStatus">Current, InProgress, Failed or Terminating.</param>
/// <param name="ArgoCD">Healthy, Progressing, Degraded or Suspended.</param>
/// <param name="Conditions">As in "Ready=True ReplicasReady"; null: the status has none.</param>
/// <param name="ObservedGeneration">The object's own is 3.</param>
/// <param name="IsDeleted">Whether it is being deleted.</param>
internal sealed record HealthCase(string Name, string KStatus, string ArgoCD, string[]? Conditions, long ObservedGeneration = 3, bool IsDeleted = false)
{
    public static IReadOnlyList<HealthCase> All { get; } =
    [
        new("just made", "InProgress", "Progressing", null, -1),
        new("first look", "InProgress", "Progressing", ["Ready=False Creating", "ModelReady=Unknown Fetching", "WorkloadReady=False Creating", "Progressing=True InProgress", "Reconciling=True Creating"]),
        new("running", "Current", "Healthy", ["Ready=True ReplicasReady", "ModelReady=True Loaded", "WorkloadReady=True ReplicasReady", "Progressing=True Complete"]),
        new("changed, not seen yet", "InProgress", "Progressing", ["Ready=True ReplicasReady", "WorkloadReady=True ReplicasReady"], 2),
        new("failed, changed, not seen yet", "InProgress", "Progressing", ["Ready=False NotFound", "Stalled=True NotFound"], 2),
        new("rolling out while it answers", "InProgress", "Progressing", ["Ready=True ReplicasReady", "WorkloadReady=False RollingOut", "Reconciling=True RollingOut"]),
        new("new revision fails while the old one answers", "Failed", "Degraded", ["Ready=True PreviousRevision", "Progressing=False NotFound", "Stalled=True NotFound"]),
        new("model is not there", "Failed", "Degraded", ["Ready=False NotFound", "ModelReady=False NotFound", "Stalled=True NotFound"]),
        new("no node", "InProgress", "Progressing", ["Ready=False Unschedulable", "WorkloadReady=False Unschedulable", "Reconciling=True Unschedulable"]),
        new("no replica wanted", "Current", "Suspended", ["Ready=True ScaledToZero", "WorkloadReady=True ScaledToZero"]),
        new("an optional kind is missing", "Current", "Healthy", ["Ready=True ReplicasReady", "RoutingReady=False KindMissing"]),
        new("deleted", "Terminating", "Progressing", ["Ready=True ReplicasReady"], IsDeleted: true),
    ];

    public JsonObject Service()
    {
        var metadata = new JsonObject { ["name"] = "chat", ["namespace"] = "team", ["generation"] = 3 };
        if (IsDeleted)
        {
            metadata["deletionTimestamp"] = "2026-05-01T10:00:00Z";
        }

        var status = new JsonObject { ["observedGeneration"] = ObservedGeneration };
        if (Conditions is not null)
        {
            status["conditions"] = new JsonArray([.. Conditions.Select(Condition)]);
        }

        // Through text, as tools get it.
        return (JsonObject)JsonNode.Parse(new JsonObject
        {
            ["apiVersion"] = "serving.octavo.dev/v1alpha1", ["kind"] = "InferenceService", ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["model"] = new JsonObject { ["uri"] = "hf://org/name" } }, ["status"] = status,
        }.ToJsonString())!;
    }

    private static JsonNode Condition(string text)
    {
        var (type, rest) = (text[..text.IndexOf('=', StringComparison.Ordinal)], text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..].Split(' '));
        return new JsonObject { ["type"] = type, ["status"] = rest[0], ["reason"] = rest[1], ["message"] = $"It is \"{rest[1]}\"." };
    }
}
