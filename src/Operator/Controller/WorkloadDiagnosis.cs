using Octavo.KubernetesClient.Models;
using Octavo.Operator.Storage;

namespace Octavo.Operator.Controller;

/// <summary>The conditions WorkloadReady and Progressing. Pure.</summary>
internal static class WorkloadDiagnosis
{
    private const string CrashLoop = "CrashLoopBackOff";

    /// <summary>Reasons of a waiting container that say more than "not yet".</summary>
    private static readonly HashSet<string> TellingReasons = new(StringComparer.Ordinal)
    {
        "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", CrashLoop,
    };

    public static Finding WorkloadReady(ObservedState observed)
    {
        var desired = observed.DesiredReplicas;
        if (observed.Workload is not { } workload)
        {
            return new Finding(false, "Creating", "The replicas' workload is being created.");
        }

        var current = workload.IsObserved && workload.WantedReplicas == desired;
        if (current && desired == 0 && workload.Replicas == 0)
        {
            return new Finding(true, "ScaledToZero", "No replica is wanted.");
        }

        var ready = workload.ReadyReplicas;
        if (current && workload.UpdatedReplicas == desired && ready >= desired && workload.Replicas == desired)
        {
            return new Finding(true, "ReplicasReady", $"{ready} of {desired} replicas are ready.");
        }

        if (workload.CannotCreatePods is { } failure)
        {
            return new Finding(false, failure.Reason, failure.Message);
        }

        if (observed.CurrentPods.Where(p => p.Metadata.DeletionTimestamp is null && !PodState.IsReady(p)).Select(p => Explain(p, observed.AwaitedClaim)).OfType<Finding>().FirstOrDefault() is { } cause)
        {
            return cause;
        }

        return observed.OldReplicas > 0
            ? new Finding(false, "RollingOut", $"{workload.UpdatedReplicas} of {desired} replicas have the current template, {ready} are ready.")
            : new Finding(false, ready > desired ? "ScalingDown" : "Starting", $"{ready} of {desired} replicas are ready.");
    }

    /// <summary>The model is being fetched onto its claim: no replica of the wanted template is made before.</summary>
    public static Finding WaitingForModel(ObservedState observed, FillState fill) => new(
        false,
        "WaitingForModel",
        observed.Workload is { ReadyReplicas: > 0 and var ready }
            ? $"{ready} replicas of the revision before are ready; the next is rolled out when its model is there: {fill.Finding!.Message}"
            : $"Replicas are made when the model is there: {fill.Finding!.Message}");

    public static Finding Progressing(ObservedState observed, Finding workload)
    {
        if (observed.Workload?.Stuck is { } stuck && workload.Status != true)
        {
            return new Finding(false, stuck.Reason, stuck.Message, NeedsPerson: true);
        }

        return workload.Status == true
            ? new Finding(true, "Complete", "All replicas are as wanted.")
            : new Finding(true, "InProgress", "Replicas are being brought to what is wanted.");
    }

    /// <summary>A pod that no node suits.</summary>
    public static bool IsUnschedulable(V1Pod pod) => PodState.Condition(pod, "PodScheduled") is { Status: "False", Reason: "Unschedulable" };

    /// <summary>Why a pod is not ready; null where it is merely on its way.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="claim">The claim that it mounts, which may be why it finds no node; null: not looked at.</param>
    public static Finding? Explain(V1Pod pod, ClaimState? claim = null)
    {
        if (IsUnschedulable(pod))
        {
            var sentence = PodState.Condition(pod, "PodScheduled")!.Message ?? "No node suits the pod.";
            return (claim is null ? null : ClaimDiagnosis.Of(claim, sentence)) ?? new Finding(false, "Unschedulable", sentence);
        }

        foreach (var container in (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []))
        {
            var waiting = container.State?.Waiting;
            if ((container.State?.Terminated ?? container.LastState?.Terminated) is { ExitCode: not 0 } ended && container is { Ready: false, State.Terminated: null or { ExitCode: not 0 } })
            {
                // One reason through waiting, trying again and failing again, or every try would be a transition.
                var isLoop = container.RestartCount > 0 || waiting?.Reason == CrashLoop;
                return new Finding(false, isLoop ? CrashLoop : "ContainerFailed", $"Pod {pod.Metadata.Name}: {Ending(container, ended)}");
            }

            if (waiting?.Reason is { } reason && TellingReasons.Contains(reason))
            {
                return new Finding(false, reason, $"Pod {pod.Metadata.Name}: {waiting.Message}".TrimEnd(' ', ':'));
            }
        }

        return null;
    }

    private static string Ending(V1ContainerStatus container, V1ContainerStateTerminated ended)
    {
        var why = ended.Reason is null or "Error" ? "" : $" ({ended.Reason})";
        var said = PodState.LastLine(ended.Message);
        return $"container {container.Name} ended with exit code {ended.ExitCode}{why}{(said is null ? "." : $": {said}")}";
    }
}
