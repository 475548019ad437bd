using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Disruption;

/// <summary>
/// Drains of nodes leave replicas that answer. Every cluster serves the kind; it is treated as one that may be absent because an operator whose role is older than it is
/// must serve on without the right to it.
/// </summary>
internal sealed class DisruptionFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("policy", "poddisruptionbudgets", "get list watch create patch delete", "drains take a part of a service's replicas at a time; deleted where there is one replica only"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddOptionalKind<V1PodDisruptionBudget>()
        .AddSingleton<ISubReconciler, DisruptionReconciler>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller.OwnsOptional<V1PodDisruptionBudget>(made);
}
