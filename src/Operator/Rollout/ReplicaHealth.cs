namespace Octavo.Operator.Rollout;

/// <summary>How far a replica is. All but <see cref="Ready"/> answer nothing.</summary>
internal enum ReplicaHealth
{
    Ready,

    /// <summary>Was ready once and is not now: it may come back by itself.</summary>
    Lapsed,

    /// <summary>Never ready, on its way.</summary>
    Starting,

    /// <summary>Never ready: the scheduler found no node for it.</summary>
    Unschedulable,

    /// <summary>Not ready, and fails again and again.</summary>
    Failing,
}
