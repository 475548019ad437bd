using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Tests.Controller;

/// <summary>States of pods as kubelets report them.</summary>
internal static class Pods
{
    public static readonly DateTimeOffset ReadySince = new(2026, 5, 1, 9, 0, 0, TimeSpan.Zero);

    public static V1PodStatus Ready(string address) => new()
    {
        Phase = "Running",
        PodIP = address,
        Conditions = [new V1PodCondition { Type = "Ready", Status = "True", LastTransitionTime = ReadySince }],
        InitContainerStatuses = [new V1ContainerStatus { Name = ServingPodTemplate.ModelContainer, State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 0 } } }],
        ContainerStatuses = [new V1ContainerStatus { Name = ServingPodTemplate.RuntimeContainer, Ready = true, State = new V1ContainerState { Running = new V1ContainerStateRunning() } }],
    };

    /// <summary>The fetch failed and waits for its next try.</summary>
    public static V1PodStatus FetchFailed(int exitCode, string? log) => new()
    {
        Phase = "Pending",
        InitContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = ServingPodTemplate.ModelContainer,
                RestartCount = 2,
                State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff", Message = "back-off 20s restarting failed container" } },
                LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Reason = "Error", Message = log } },
            },
        ],
    };

    /// <summary>The model is there, the runtime crashes.</summary>
    public static V1PodStatus Crashing(int exitCode, string? log, string reason = "Error") => new()
    {
        Phase = "Running",
        InitContainerStatuses = [new V1ContainerStatus { Name = ServingPodTemplate.ModelContainer, State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 0 } } }],
        ContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = ServingPodTemplate.RuntimeContainer,
                RestartCount = 1,
                State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff" } },
                LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Reason = reason, Message = log } },
            },
        ],
    };

    /// <summary>It crashed and runs again, not ready yet.</summary>
    public static V1PodStatus TryingAgain(int exitCode, string log)
    {
        var crashed = Crashing(exitCode, log);
        return crashed with { ContainerStatuses = [crashed.ContainerStatuses![0] with { State = new V1ContainerState { Running = new V1ContainerStateRunning() } }] };
    }

    public static V1PodStatus Unschedulable(string sentence) => new()
    {
        Phase = "Pending",
        Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = sentence }],
    };

    public static V1PodStatus Waiting(string reason, string message) => new()
    {
        Phase = "Pending",
        ContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = ServingPodTemplate.RuntimeContainer,
                State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } },
            },
        ],
    };
}
