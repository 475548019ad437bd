using Octavo.Operator.Controller;

namespace Octavo.Operator.Storage;

/// <summary>What a claim has to do with a pod that finds no node. Pure.</summary>
internal static class ClaimDiagnosis
{
    /// <param name="claim">The claim that the pod mounts.</param>
    /// <param name="scheduler">The scheduler's sentence; null where it said none.</param>
    /// <returns>Null: nothing, as far as the claim tells.</returns>
    public static Finding? Of(ClaimState claim, string? scheduler) => claim switch
    {
        { Phase: null } => new Finding(false, "ClaimMissing", $"PersistentVolumeClaim {claim.Name} does not exist."),
        { Phase: "Lost" } => new Finding(
            false, "ClaimLost", $"PersistentVolumeClaim {claim.Name} is Lost: the volume that it was bound to is gone. Delete the claim and make it anew; its models are fetched again.", NeedsPerson: true),
        { Phase: "Pending", Event: { } why } => new Finding(false, "ClaimPending", $"PersistentVolumeClaim {claim.Name} is Pending: {why}"),
        // A claim that waits for its first consumer is Pending too, and keeps no pod from a node: the scheduler speaks of claims only where one does.
        { Phase: "Pending" } when scheduler?.Contains("PersistentVolumeClaim", StringComparison.Ordinal) == true => new Finding(false, "ClaimPending", $"PersistentVolumeClaim {claim.Name} is Pending: {scheduler}"),
        { IsOfOneNode: true } when scheduler is not null => new Finding(
            false, "Unschedulable", $"{scheduler} PersistentVolumeClaim {claim.Name} is {string.Join(" and ", claim.AccessModes)}: {(claim.IsOfOnePod ? "one pod at a time may mount it." : "all pods that mount it have to fit on the node that has it.")}"),
        _ => null,
    };
}
