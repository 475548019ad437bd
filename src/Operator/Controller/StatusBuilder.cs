using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>The status that findings and observed state amount to. Pure.</summary>
internal static class StatusBuilder
{
    public static InferenceServiceStatus Build(ReconcileContext context)
    {
        var observed = context.Observed;
        var service = observed.Service;
        var before = service.Status;
        var ready = ReadyDiagnosis.Ready(observed, context.Model, context.Workload);
        var stalled = ReadyDiagnosis.Stalled(context.Model, context.Workload, context.Progressing);
        var conditions = new ConditionList(before?.Conditions, observed.Generation, observed.Now)
            .Add(ConditionTypes.Ready, ready)
            .Add(ConditionTypes.ModelReady, context.Model)
            .Add(ConditionTypes.WorkloadReady, context.Workload)
            .Add(ConditionTypes.Progressing, context.Progressing)
            .Add(ConditionTypes.ScalingActive, context.Scaling)
            .Add(ConditionTypes.Reconciling, ReadyDiagnosis.Reconciling(ready, context.Workload, stalled))
            .Add(ConditionTypes.Stalled, stalled);
        return new InferenceServiceStatus
        {
            ObservedGeneration = observed.Generation,
            Replicas = observed.Deployment?.Status?.Replicas ?? 0,
            ReadyReplicas = observed.ReadyReplicas,
            DesiredReplicas = observed.DesiredReplicas,
            Selector = ServingObjectMeta.SelectorText(service),
            Url = observed.Address is null ? null : ServingService.Url(service),
            Conditions = conditions.Build(),
            Autoscaling = Autoscaling(observed),
            Startup = StartupLedger.Of(observed.CurrentPods, before?.Startup),
        };
    }

    /// <summary>Before the autoscaler's first look the status of an earlier life stays as it is: it is where the autoscaler resumes.</summary>
    private static AutoscalingStatus? Autoscaling(ObservedState observed)
    {
        if (observed.Service.Spec.Autoscaling is null)
        {
            return null;
        }

        return observed.Autoscaler is not { } state ? observed.Service.Status?.Autoscaling : new AutoscalingStatus
        {
            MetricsState = state.MetricsState,
            LastDecision = state.Decisions.Count > 0 ? state.Decisions[0] : null,
            History = state.Decisions.Count > 0 ? state.Decisions : null,
        };
    }
}
