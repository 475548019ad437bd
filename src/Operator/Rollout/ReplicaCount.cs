namespace Octavo.Operator.Rollout;

/// <summary>Replicas that do not end, by what they are to the rollout. Replicas that end count for nothing, as in the workload's controller.</summary>
internal sealed record ReplicaCount
{
    /// <summary>Of an older template.</summary>
    public required int Old { get; init; }

    /// <summary>Of the wanted template.</summary>
    public required int New { get; init; }

    /// <summary>That answer, old and new.</summary>
    public required int Available { get; init; }

    /// <summary>Old ones that answer nothing and will not by themselves, or not for long.</summary>
    public required int UselessOld { get; init; }

    /// <summary>Old ones that were ready and may be again.</summary>
    public required int LapsedOld { get; init; }

    public required int UnreadyNew { get; init; }

    /// <summary>New ones without a node.</summary>
    public required int UnplacedNew { get; init; }

    /// <summary>New ones for which the scheduler found no node, while no replica of ours ends that could make room.</summary>
    public required int StuckNew { get; init; }

    /// <summary>Replicas that end at present.</summary>
    public required int Leaving { get; init; }

    public int Total => Old + New;

    public static ReplicaCount Of(RolloutInputs inputs)
    {
        var live = inputs.Replicas.Where(r => !r.IsLeaving).ToList();
        var old = live.Where(r => !r.IsCurrent).ToList();
        var current = live.Where(r => r.IsCurrent).ToList();
        var leaving = inputs.Replicas.Count - live.Count;
        return new ReplicaCount
        {
            Old = old.Count,
            New = current.Count,
            Available = live.Count(r => r.Health == ReplicaHealth.Ready),
            UselessOld = old.Count(r => r.IsUseless),
            LapsedOld = old.Count(r => r.Health == ReplicaHealth.Lapsed),
            UnreadyNew = current.Count(r => r.Health != ReplicaHealth.Ready),
            UnplacedNew = current.Count(r => r.Node is null),
            StuckNew = leaving > 0 ? 0 : current.Count(r => r.Health == ReplicaHealth.Unschedulable),
            Leaving = leaving,
        };
    }
}
