using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Integrations;

/// <summary>The Prometheus Operator's objects; condition MonitoringReady.</summary>
internal sealed class MonitoringReconciler(OptionalChild<PodMonitor> pods, OptionalChild<ServiceMonitor> services, OptionalChild<PrometheusRule> rules) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Integrations;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        context.Findings[ConditionTypes.MonitoringReady] = OptionalFindings.Of(
            await pods.EnsureAsync(context, MonitoringObjects.PodMonitor(service), cancellationToken).ConfigureAwait(false),
            await services.EnsureAsync(context, MonitoringObjects.ServiceMonitor(service), cancellationToken).ConfigureAwait(false),
            await rules.EnsureAsync(context, MonitoringObjects.PrometheusRule(service), cancellationToken).ConfigureAwait(false));
    }
}
