using System.Net;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Integrations;

/// <summary>
/// One object of an optional kind, under the service's own name: applied while it is wanted and the cluster has the kind, deleted when it is no longer wanted.
/// Serving never depends on it, so whatever goes wrong is a finding and nothing more.
/// </summary>
internal sealed class OptionalChild<T>(OptionalKind<T> kind, ObjectApplier applier, ChildGate gate, IKubernetesClient client) where T : class, IKubernetesObject
{
    private static string Kind => KubernetesEntityAttribute.Of<T>().Kind;

    /// <summary>Null: nothing is wanted, and nothing is left.</summary>
    public async Task<Finding?> EnsureAsync(ReconcileContext context, T? wanted, CancellationToken cancellationToken)
    {
        if (wanted is null)
        {
            await RemoveAsync(context.Observed.Service, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (kind.Unavailability() is { } why)
        {
            return new Finding(false, "KindMissing", $"{Kind}: {why}.");
        }

        var service = context.Observed.Service;
        try
        {
            var live = await applier.FindAsync(kind.Lister.Get(NamespacedName.Of(service)), wanted.Metadata.Name!, service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            if (await gate.AdmitAsync(context, Kind, live?.Metadata, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                return refusal with { NeedsPerson = false };
            }

            await applier.ApplyAsync(live, wanted, cancellationToken).ConfigureAwait(false);
            return new Finding(true, "Applied", $"{Kind} {wanted.Metadata.Name} is there.");
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return new Finding(false, "KindMissing", $"{Kind}: the kind has just vanished.");
        }
        catch (KubernetesException e) when (e.IsInvalid || e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            return new Finding(false, "ObjectRefused", $"{Kind}: {e.Message}");
        }
    }

    /// <summary>Deletes the service's object if it is there; gives whether it still may be.</summary>
    public async Task<bool> RemoveAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken)
    {
        if (!Has(service))
        {
            return false;
        }

        try
        {
            await client.DeleteAsync<T>(ServingObjectMeta.NameOf(service), service.Metadata.NamespaceProperty, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            // Gone already, or with its kind: the cache is behind.
            return false;
        }

        return true;
    }

    /// <summary>Whether the cache holds an object of the service.</summary>
    public bool Has(V1Alpha1InferenceService service) =>
        kind.Lister.Get(NamespacedName.Of(service)) is { } live && ServingObjectMeta.OwnershipOf(service, live.Metadata) is Ownership.Own or Ownership.Orphan;
}
