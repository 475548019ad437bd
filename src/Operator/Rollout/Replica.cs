using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Resources;
using Octavo.Operator.Storage;
using Octavo.ServingContract;

namespace Octavo.Operator.Rollout;

/// <summary>A replica as the planner sees it.</summary>
/// <param name="Pod">The pod; of a replica that spans nodes, its leader.</param>
/// <param name="IsCurrent">Made from the template that is wanted now.</param>
internal sealed record Replica(V1Pod Pod, bool IsCurrent)
{
    /// <summary>Restarts after which a replica that is not ready counts as one that does not get ready by itself.</summary>
    public const int ManyRestarts = 3;

    /// <summary>The kubelet writes the condition Ready=False together with the start time; a later change of it means that it was True in between.</summary>
    private static readonly TimeSpan FirstReport = TimeSpan.FromSeconds(5);

    private static readonly HashSet<string> FatalWaits = new(StringComparer.Ordinal)
    {
        "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
    };

    /// <summary>The other pods of a replica that spans nodes.</summary>
    public IReadOnlyList<V1Pod> Workers { get; init; } = [];

    public IEnumerable<V1Pod> Pods => Workers.Prepend(Pod);

    public string Name => Pod.Metadata.Name!;

    /// <summary>Ends at present: counts for no size, but holds its accelerators until it is gone.</summary>
    public bool IsLeaving => Pod.Metadata.DeletionTimestamp is not null;

    public string? Node => string.IsNullOrEmpty(Pod.Spec?.NodeName) ? null : Pod.Spec.NodeName;

    public ReplicaHealth Health { get; } = HealthOf(Pod);

    /// <summary>An old replica that may go at once: it has never answered, or fails again and again.</summary>
    public bool IsUseless => Health is ReplicaHealth.Starting or ReplicaHealth.Unschedulable or ReplicaHealth.Failing;

    private static ReplicaHealth HealthOf(V1Pod pod)
    {
        if (PodState.Condition(pod, "Ready")?.Status == "True")
        {
            return ReplicaHealth.Ready;
        }

        if (pod.Status?.Phase is "Failed" or "Succeeded" || FailureOf(pod) is not null)
        {
            return ReplicaHealth.Failing;
        }

        if (WasReady(pod))
        {
            return ReplicaHealth.Lapsed;
        }

        return PodState.Condition(pod, "PodScheduled") is { Status: "False", Reason: "Unschedulable" } ? ReplicaHealth.Unschedulable : ReplicaHealth.Starting;
    }

    /// <summary>What keeps a pod that is not ready from ever becoming it, as far as its status tells; null where nothing is known to.</summary>
    public static (string Reason, string Message)? FailureOf(V1Pod pod)
    {
        if (PodState.Condition(pod, "Ready")?.Status == "True")
        {
            return null;
        }

        foreach (var container in (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []))
        {
            if (container.State?.Waiting is { Reason: { } reason } waiting && FatalWaits.Contains(reason))
            {
                return (reason, $"container {container.Name}: {waiting.Message ?? reason}");
            }

            // A running init container is a try of which nothing is known yet; so is a running runtime that is not ready.
            var ended = container.State?.Terminated ?? container.LastState?.Terminated;
            if (ModelCheck.FoundNothing(pod, container))
            {
                // A Job brings the model again: no fault of the revision.
                continue;
            }

            if (ended is { ExitCode: not 0 } && container is { Ready: false, State.Terminated: null or { ExitCode: not 0 } }
                && container.RestartCount >= (IsHopeless(container, ended) ? 1 : ManyRestarts))
            {
                var said = PodState.LastLine(ended.Message);
                return (
                    IsHopeless(container, ended) ? ((FetchExitCode)ended.ExitCode).ToString() : "CrashLoopBackOff",
                    $"container {container.Name} ended with exit code {ended.ExitCode} after {container.RestartCount} restart{(container.RestartCount == 1 ? "" : "s")}{(said is null ? "" : $": {said}")}");
            }
        }

        return null;
    }

    /// <summary>The fetch says that trying again will not help.</summary>
    private static bool IsHopeless(V1ContainerStatus container, V1ContainerStateTerminated ended) =>
        container.Name == ServingPodTemplate.ModelContainer
        && (FetchExitCode)ended.ExitCode is FetchExitCode.NotFound or FetchExitCode.InvalidModel or FetchExitCode.Unauthorized or FetchExitCode.UnsupportedSource
            or FetchExitCode.NoSpace or FetchExitCode.ChecksumMismatch;

    /// <summary>It was ready before. A start-up probe that was passed says so, since it asks what readiness asks; else the time of the condition does.</summary>
    private static bool WasReady(V1Pod pod)
    {
        if (pod.Status?.ContainerStatuses?.FirstOrDefault(s => s.Name == ServingPodTemplate.RuntimeContainer) is { Started: true })
        {
            return true;
        }

        return PodState.Condition(pod, "Ready") is { Status: "False", LastTransitionTime: { } since } && pod.Status?.StartTime is { } started && since - started > FirstReport;
    }
}
