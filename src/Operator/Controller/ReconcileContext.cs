namespace Octavo.Operator.Controller;

/// <summary>What sub-reconcilers hand to each other within one reconcile: the state as it is after their writes, and one finding each.</summary>
internal sealed class ReconcileContext(ObservedState observed)
{
    public ObservedState Observed { get; set; } = observed;

    /// <summary>ModelReady.</summary>
    public Finding Model { get; set; } = Pending;

    /// <summary>WorkloadReady.</summary>
    public Finding Workload { get; set; } = Pending;

    /// <summary>Progressing.</summary>
    public Finding Progressing { get; set; } = Pending;

    /// <summary>ScalingActive; null without autoscaling.</summary>
    public Finding? Scaling { get; set; }

    /// <summary>The spec asks for what cannot be: no child object is made or changed.</summary>
    public bool IsRefused { get; set; }

    private static Finding Pending => new(null, "Pending", "Not looked at yet.");
}
