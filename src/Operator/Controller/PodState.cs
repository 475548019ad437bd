using Octavo.KubernetesClient.Models;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Controller;

/// <summary>What a pod's status says.</summary>
internal static class PodState
{
    private const string TrueStatus = "True";

    public static bool IsReady(V1Pod pod) => pod.Metadata.DeletionTimestamp is null && Condition(pod, "Ready")?.Status == TrueStatus;

    /// <summary>A pod that computes for another one of the same replica and answers no request.</summary>
    public static bool IsWorker(V1Pod pod) => pod.Metadata.Labels?.GetValueOrDefault(V1LeaderWorkerSet.WorkerIndexLabel) is not (null or "0");

    /// <summary>When it became ready; null while it is not.</summary>
    public static DateTimeOffset? ReadySince(V1Pod pod) =>
        IsReady(pod) ? Condition(pod, "Ready")!.LastTransitionTime ?? pod.Metadata.CreationTimestamp ?? DateTimeOffset.UnixEpoch : null;

    public static V1PodCondition? Condition(V1Pod pod, string type) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == type);

    /// <summary>The last line that says something: of a log tail, the program's own reason for ending.</summary>
    public static string? LastLine(string? text) =>
        text?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
}
