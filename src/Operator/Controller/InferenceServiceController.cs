using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;

namespace Octavo.Operator.Controller;

/// <summary>Brings the cluster to what an InferenceService asks for: observe, then each concern in order, the status last.</summary>
internal sealed class InferenceServiceController(
    ClusterView cluster,
    IEnumerable<ISubReconciler> concerns,
    AutoscalerStates autoscaler,
    OperatorMetrics metrics) : IEntityController<V1Alpha1InferenceService>
{
    private readonly IReadOnlyList<ISubReconciler> concerns = [.. concerns.OrderBy(c => c.Stage)];

    public async Task<ReconciliationResult<V1Alpha1InferenceService>> ReconcileAsync(V1Alpha1InferenceService entity, CancellationToken cancellationToken)
    {
        var context = new ReconcileContext(cluster.Observe(entity));
        foreach (var concern in concerns)
        {
            await concern.ReconcileAsync(context, cancellationToken).ConfigureAwait(false);
        }

        metrics.Observe(NamespacedName.Of(entity), context.Observed.DesiredReplicas, context.Observed.ReadyReplicas);
        metrics.Diagnosed(NamespacedName.Of(entity), context.Findings.Blocker?.Reason, context.Findings[ConditionTypes.ScalingActive] is { Status: false });
        return ReconciliationResult<V1Alpha1InferenceService>.Success(entity, context.RequeueAfter);
    }

    public Task DeletedAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        // The children go with their owner: the cluster's garbage collector follows the owner references.
        autoscaler.Remove(key);
        metrics.Forget(key);
        foreach (var concern in concerns)
        {
            concern.Forget(key);
        }

        return Task.CompletedTask;
    }
}
