using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>The summary: Ready, and kstatus's Reconciling. Pure.</summary>
internal static class ReadyDiagnosis
{
    /// <summary>
    /// Ready means that requests are answered: by as many replicas as are asked for, or by one at least while the autoscaler moves the number or replicas are
    /// replaced. A revision that fails while replicas of the one before answer leaves it True: Progressing and Stalled tell the failure.
    /// </summary>
    public static Finding Ready(ObservedState observed, Findings findings)
    {
        var desired = observed.DesiredReplicas;
        var blocker = findings.Blocker;
        if (desired == 0)
        {
            return blocker ?? new Finding(true, "ScaledToZero", "No replica is wanted; requests are not answered.");
        }

        var ready = observed.ReadyReplicas;
        if (ready >= Needed(observed) && observed.Address is not null)
        {
            return blocker is null ? new Finding(true, "ReplicasReady", "Requests are answered.")
                : new Finding(true, "PreviousRevision", $"Requests are answered by replicas of the revision before ({ready} ready): {blocker.Message}");
        }

        var workload = findings[ConditionTypes.WorkloadReady]!;
        var cause = findings[ConditionTypes.ModelReady] is { Status: false } model ? model : blocker ?? workload;
        return cause.Status == true ? new Finding(false, "Starting", $"{ready} of {desired} replicas are ready.") : cause with { Status = false };
    }

    /// <summary>The operator still works on it; null once all is as wanted, and while only a person can help.</summary>
    public static Finding? Reconciling(Finding ready, Findings findings)
    {
        var workload = findings[ConditionTypes.WorkloadReady]!;
        return findings.Blocker is null && (ready.Status != true || workload.Status != true)
            ? new Finding(true, workload.Status == true ? ready.Reason : workload.Reason, workload.Status == true ? ready.Message : workload.Message)
            : null;
    }

    private static int Needed(ObservedState observed) =>
        observed.Service.Spec.Autoscaling is not null || observed.OldReplicas > 0 ? 1 : observed.DesiredReplicas;
}
