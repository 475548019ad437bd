using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;

namespace Octavo.Operator.Deletion;

/// <summary>Routes first, then the pool that they lead to: no new request reaches replicas that end.</summary>
internal sealed class RouteDeletion(OptionalChild<HTTPRoute> routes, OptionalChild<InferencePool> pools) : IDeletionStep
{
    public DeletionStage Stage => DeletionStage.Routes;

    public bool IsNeeded(V1Alpha1InferenceService service) => service.Spec.Gateway?.HttpRoute is not null || service.Spec.Gateway?.InferencePool is not null;

    public async Task<bool> RunAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken) =>
        !await routes.RemoveAsync(service, cancellationToken).ConfigureAwait(false) && !await pools.RemoveAsync(service, cancellationToken).ConfigureAwait(false);
}
