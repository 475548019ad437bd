namespace Octavo.Operator.Entities;

/// <summary>
/// Types of conditions. All but the last two are positive and present from the first write. <see cref="Reconciling"/> and <see cref="Stalled"/> are
/// kstatus's own: present with status True while they hold, absent otherwise, so that no tool waits on a condition that lies at False.
/// </summary>
public static class ConditionTypes
{
    /// <summary>True: requests are answered by as many replicas as are wanted, or by one at least while replicas are replaced or the autoscaler moves their number.</summary>
    public const string Ready = "Ready";

    /// <summary>True: a replica found the model's files and loaded them. Unknown until one tried.</summary>
    public const string ModelReady = "ModelReady";

    /// <summary>True: all wanted replicas of the current pod template are ready.</summary>
    public const string WorkloadReady = "WorkloadReady";

    /// <summary>As on a Deployment: True while a rollout moves and after it is complete, False when it is stuck or what the spec asks for cannot be had.</summary>
    public const string Progressing = "Progressing";

    /// <summary>While replicas of an older template are there only: True, with the way in which they are replaced, and why it was chosen.</summary>
    public const string RolloutPlanned = "RolloutPlanned";

    /// <summary>With autoscaling only. True: the load is known; False: it is not, and the number of replicas is held.</summary>
    public const string ScalingActive = "ScalingActive";

    /// <summary>With spec.monitoring only. True: the objects of the Prometheus Operator that it asks for are there.</summary>
    public const string MonitoringReady = "MonitoringReady";

    /// <summary>With spec.gateway only. True: the objects of the Gateway API that it asks for are there.</summary>
    public const string RoutingReady = "RoutingReady";

    /// <summary>With more than one replica, and only while it cannot be had: False, with why their PodDisruptionBudget is not there.</summary>
    public const string DisruptionBudgetReady = "DisruptionBudgetReady";

    /// <summary>kstatus: the operator is still working towards the spec.</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>kstatus: no progress without a change by a person.</summary>
    public const string Stalled = "Stalled";

    /// <summary>The order of findings in the status; conditions of other types follow.</summary>
    internal static readonly string[] Order = [ModelReady, WorkloadReady, Progressing, RolloutPlanned, ScalingActive];
}
