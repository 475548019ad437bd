namespace Octavo.Operator.Controller;

/// <summary>The summary: Ready, and kstatus's Reconciling and Stalled. Pure.</summary>
internal static class ReadyDiagnosis
{
    /// <summary>
    /// Ready means that requests are answered: by at least as many replicas as are asked for as a minimum (spec.replicas, or one while the autoscaler
    /// moves the number), and that nothing in the spec is refused.
    /// </summary>
    public static Finding Ready(ObservedState observed, Finding model, Finding workload)
    {
        if (model.Status == false)
        {
            return new Finding(false, model.Reason, model.Message, model.NeedsPerson);
        }

        if (workload is { Status: false, NeedsPerson: true })
        {
            return workload;
        }

        var desired = observed.DesiredReplicas;
        if (desired == 0)
        {
            return new Finding(true, "ScaledToZero", "No replica is wanted; requests are not answered.");
        }

        var needed = observed.Service.Spec.Autoscaling is null ? desired : 1;
        var ready = observed.ReadyReplicas;
        return ready >= needed
            ? new Finding(true, "ReplicasReady", "Requests are answered.")
            : new Finding(false, workload.Status == true ? "Starting" : workload.Reason, workload.Status == true ? $"{ready} of {desired} replicas are ready." : workload.Message);
    }

    /// <summary>A person must act: the first finding that says so; null where none does.</summary>
    public static Finding? Stalled(params ReadOnlySpan<Finding> findings)
    {
        foreach (var finding in findings)
        {
            if (finding is { Status: false, NeedsPerson: true })
            {
                return finding with { Status = true };
            }
        }

        return null;
    }

    /// <summary>The operator still works on it; null once all is as wanted, and while only a person can help.</summary>
    public static Finding? Reconciling(Finding ready, Finding workload, Finding? stalled) =>
        stalled is null && (ready.Status != true || workload.Status != true)
            ? new Finding(true, workload.Status == true ? ready.Reason : workload.Reason, workload.Status == true ? ready.Message : workload.Message)
            : null;
}
