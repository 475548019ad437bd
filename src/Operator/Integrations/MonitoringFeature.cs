using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Integrations;

/// <summary>spec.monitoring: objects of the Prometheus Operator, where the cluster has their kinds.</summary>
internal sealed class MonitoringFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("monitoring.coreos.com", "podmonitors", "get list watch create patch delete", "how Prometheus finds replicas, where spec.monitoring asks for it"),
        new("monitoring.coreos.com", "servicemonitors", "get list watch create patch delete", "how Prometheus finds replicas, where spec.monitoring asks for it"),
        new("monitoring.coreos.com", "prometheusrules", "get list watch create patch delete", "alerts of a service, where spec.monitoring asks for them"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddOptionalKind<PodMonitor>()
        .AddOptionalKind<ServiceMonitor>()
        .AddOptionalKind<PrometheusRule>()
        .AddSingleton<ISubReconciler, MonitoringReconciler>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller
        .OwnsOptional<PodMonitor>(made)
        .OwnsOptional<ServiceMonitor>(made)
        .OwnsOptional<PrometheusRule>(made);
}
