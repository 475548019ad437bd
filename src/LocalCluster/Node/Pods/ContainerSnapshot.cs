using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>What is known of one container at one moment.</summary>
internal sealed record ContainerSnapshot
{
    public required string Name { get; init; }
    public string? Image { get; init; }
    public required V1ContainerState State { get; init; }
    public V1ContainerState? LastState { get; init; }
    public int RestartCount { get; init; }

    /// <summary>The startup probe has passed, or there is none and the process runs.</summary>
    public bool Started { get; init; }

    /// <summary>The readiness probe's verdict (true without a probe); counts only while the container runs and has started.</summary>
    public bool PassesReadiness { get; init; }

    public string? ContainerId { get; init; }

    /// <summary>An init container with restartPolicy Always: it runs beside the containers.</summary>
    public bool IsSidecar { get; init; }

    public bool IsRunning => State.Running is not null;

    public bool IsReady => IsRunning && Started && PassesReadiness;

    public bool HasSucceeded => State.Terminated is { ExitCode: 0 };

    /// <summary>Of an init container: the next one may start.</summary>
    public bool IsInitialized => IsSidecar ? IsRunning && Started : HasSucceeded;

    public static V1ContainerState WaitingState(string reason, string? message = null) =>
        new() { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } };
}
