using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>The cold-start ledger: read from the times in a pod's status. Pure.</summary>
internal static class StartupLedger
{
    /// <summary>
    /// The replica that got ready last, of those that never restarted: a restart, or readiness that was lost and came back, would be taken for a slow
    /// start. A pod that is in the ledger already is not looked at again.
    /// </summary>
    public static StartupStatus? Of(IReadOnlyList<V1Pod> pods, StartupStatus? before)
    {
        var newest = pods
            .Where(p => PodState.IsReady(p) && !PodState.IsWorker(p) && p.Metadata.CreationTimestamp is not null && Runtime(p) is { RestartCount: 0 })
            .OrderByDescending(p => p.Metadata.CreationTimestamp)
            .ThenByDescending(p => p.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        return newest is null || newest.Metadata.Name == before?.Pod ? before : Of(newest);
    }

    private static StartupStatus Of(V1Pod pod)
    {
        var created = pod.Metadata.CreationTimestamp;
        var scheduled = PodState.Condition(pod, "PodScheduled")?.LastTransitionTime;
        var fetch = pod.Status?.InitContainerStatuses?.FirstOrDefault(s => s.Name == ServingPodTemplate.ModelContainer)?.State?.Terminated;
        var ready = PodState.ReadySince(pod);
        return new StartupStatus
        {
            Pod = pod.Metadata.Name!,
            SchedulingSeconds = Seconds(created, scheduled),
            ImageSeconds = Seconds(scheduled, fetch?.StartedAt),
            DownloadSeconds = Seconds(fetch?.StartedAt, fetch?.FinishedAt),
            LoadSeconds = Seconds(Runtime(pod)?.State?.Running?.StartedAt, ready),
            TotalSeconds = Seconds(created, ready),
        };
    }

    private static V1ContainerStatus? Runtime(V1Pod pod) => pod.Status?.ContainerStatuses?.FirstOrDefault(s => s.Name == ServingPodTemplate.RuntimeContainer);

    /// <summary>Null where an end is unknown or clocks disagree.</summary>
    private static int? Seconds(DateTimeOffset? from, DateTimeOffset? to) => to - from is { } span && span >= TimeSpan.Zero ? (int)span.TotalSeconds : null;
}
