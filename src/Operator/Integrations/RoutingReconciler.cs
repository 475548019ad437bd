using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Integrations;

/// <summary>The Gateway API's objects; condition RoutingReady. The pool comes before the route that leads to it.</summary>
internal sealed class RoutingReconciler(OptionalChild<InferencePool> pools, OptionalChild<HTTPRoute> routes) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Integrations;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        context.Findings[ConditionTypes.RoutingReady] = OptionalFindings.Of(
            await pools.EnsureAsync(context, RoutingObjects.InferencePool(service), cancellationToken).ConfigureAwait(false),
            await routes.EnsureAsync(context, RoutingObjects.HttpRoute(service), cancellationToken).ConfigureAwait(false));
    }
}
