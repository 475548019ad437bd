using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Condition ScalingActive. The number itself is chosen by the autoscaler's loop.</summary>
internal sealed class ScalingReconciler : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Scaling;

    public Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        context.Findings[ConditionTypes.ScalingActive] = Of(context.Observed);
        return Task.CompletedTask;
    }

    private static Finding? Of(ObservedState observed)
    {
        if (observed.Service.Spec.Autoscaling is null)
        {
            return null;
        }

        return observed.Autoscaler?.MetricsState switch
        {
            not (null or MetricsState.Absent) when observed.Autoscaler.BlindTargets is { } blind => new Finding(
                true, "TargetUnknown", $"The runtime's metrics say nothing of the target {blind}, so it adds no replicas; the other signals decide."),
            MetricsState.Fresh => new Finding(true, "MetricsFresh", "The load of every ready replica is known."),
            MetricsState.Partial => new Finding(true, "MetricsPartial", "The load of some ready replicas is not known; they count as idle when replicas are added and as full when replicas are removed."),
            MetricsState.Absent when !observed.Autoscaler.AnyReady => new Finding(null, "NoReadyReplica", "No replica is ready; the number of replicas is held."),
            MetricsState.Absent => new Finding(false, "MetricsAbsent", "The load of no replica is known; the number of replicas is held."),
            _ => new Finding(null, "Pending", "The autoscaler has not looked yet."),
        };
    }
}
