using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Deletion;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Integrations;

/// <summary>spec.gateway: objects of the Gateway API, where the cluster has their kinds. They go before the replicas do.</summary>
internal sealed class GatewayRoutingFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("gateway.networking.k8s.io", "httproutes", "get list watch create patch delete", "the way from a Gateway to a service, where spec.gateway asks for it"),
        new("inference.networking.k8s.io", "inferencepools", "get list watch create patch delete", "the replicas for an endpoint picker, where spec.gateway asks for it"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddOptionalKind<HTTPRoute>()
        .AddOptionalKind<InferencePool>()
        .AddSingleton<ISubReconciler, RoutingReconciler>()
        .AddSingleton<IDeletionStep, RouteDeletion>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller
        .OwnsOptional<HTTPRoute>(made)
        .OwnsOptional<InferencePool>(made);
}
