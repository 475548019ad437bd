namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>What a pod on a hollow node does, in time from its binding on. The default is ready at once and ends at once when it is deleted.</summary>
public sealed record PodScript
{
    /// <summary>From the binding until the containers start (ContainerCreating until then).</summary>
    public TimeSpan StartAfter { get; init; }

    /// <summary>Waiting reason of an image that cannot be had, such as ImagePullBackOff: the containers never start.</summary>
    public string? ImageFailure { get; init; }

    /// <summary>Exit code of the first init container, which is tried again and again; absent: init containers succeed at once.</summary>
    public int? InitExitCode { get; init; }

    /// <summary>How long an init container runs.</summary>
    public TimeSpan InitDuration { get; init; }

    /// <summary>From the start of the containers until they are ready.</summary>
    public TimeSpan ReadyAfter { get; init; }

    /// <summary>From each start of the containers until they end; absent: they run on.</summary>
    public TimeSpan? ExitAfter { get; init; }

    /// <summary>Of the containers that end by themselves.</summary>
    public int ExitCode { get; init; }

    /// <summary>Message of a container or init container that ended, as it would write to its termination log.</summary>
    public string? TerminationMessage { get; init; }

    /// <summary>
    /// From the deletion until the containers have ended by themselves: a drain. One that is longer than the grace period is killed, which
    /// <see cref="HollowNodes.Killed"/> tells.
    /// </summary>
    public TimeSpan StopAfter { get; init; }
}
