using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>What controllers read from a pod's status.</summary>
internal static class PodReadiness
{
    public static V1PodCondition? Condition(V1Pod pod, string type) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == type);

    public static bool IsReady(V1Pod pod) => Condition(pod, "Ready")?.Status == "True";

    /// <summary>Since when the pod has been ready; null if it is not.</summary>
    public static DateTimeOffset? ReadySince(V1Pod pod) => Condition(pod, "Ready") is { Status: "True" } ready ? ready.LastTransitionTime : null;

    /// <summary>Neither ended nor being deleted.</summary>
    public static bool IsActive(V1Pod pod) => !IsFinished(pod) && pod.Metadata.DeletionTimestamp is null;

    public static bool IsFinished(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    /// <summary>Ready for long enough; otherwise <paramref name="remaining"/> says when it will be, if it stays ready.</summary>
    public static bool IsAvailable(V1Pod pod, int minReadySeconds, DateTimeOffset now, out TimeSpan? remaining)
    {
        remaining = null;
        if (!IsReady(pod))
        {
            return false;
        }

        if (minReadySeconds == 0)
        {
            return true;
        }

        if (ReadySince(pod) is not { } since)
        {
            return false;
        }

        var left = since + TimeSpan.FromSeconds(minReadySeconds) - now;
        if (left <= TimeSpan.Zero)
        {
            return true;
        }

        remaining = left;
        return false;
    }
}
