namespace Octavo.Operator.Planning;

/// <summary>Exit codes of <c>octavo plan</c>. Of several services the gravest counts: the order is Error, DoesNotFit, Interruption, Changes, NoChanges.</summary>
internal enum PlanExitCode
{
    NoChanges = 0,

    /// <summary>No plan can be made: a file, the cluster, or a spec that is refused.</summary>
    Error = 1,

    /// <summary>Something would change, and requests are answered all the while.</summary>
    Changes = 2,

    /// <summary>There would be a time in which no replica answers.</summary>
    Interruption = 3,

    /// <summary>Replicas would wait for accelerators or other room that the cluster does not have.</summary>
    DoesNotFit = 4,
}
