using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>All that the planner looks at.</summary>
internal sealed record RolloutInputs
{
    public RequestedStrategy Requested { get; init; }

    /// <summary>Replicas that are wanted.</summary>
    public required int Wanted { get; init; }

    /// <summary>The template that is about to be applied differs from the live one: nothing of what happened to the live one counts.</summary>
    public bool StartsNow { get; init; }

    /// <summary>All that exist, also those that end.</summary>
    public IReadOnlyList<Replica> Replicas { get; init; } = [];

    /// <summary>The next replica's pod, as the API server would store it (<see cref="AdmittedPod"/>).</summary>
    public required V1Pod Pod { get; init; }

    /// <summary>Pods of one replica: more than one where it spans nodes. They ask for the same resources.</summary>
    public int PodsPerReplica { get; init; } = 1;

    /// <summary>Extended resource of the replicas' accelerators; null: they compute on CPU.</summary>
    public string? Accelerator { get; init; }

    public VolumeReach Volumes { get; init; }

    public required ClusterCapacity Cluster { get; init; }

    /// <summary>Why the API server refused to make a pod (a quota, mostly); null where it did not.</summary>
    public string? CreationRefused { get; init; }

    /// <summary>The live workload's largest surge; null: there is no workload.</summary>
    public int? LiveSurge { get; init; }

    /// <summary>Reason of the last plan of this rollout; null: none.</summary>
    public string? PreviousReason { get; init; }

    /// <summary>Most that a replica may take from its node to its being ready.</summary>
    public TimeSpan Deadline { get; init; } = RolloutDeadline.Unknown;

    public required DateTimeOffset Now { get; init; }
}
