using System.Net;
using Octavo.KubernetesClient;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>The Service: the stable address, and what the gateway routes by. It comes before the replicas: where it cannot be had, they would be for nobody.</summary>
internal sealed class ServiceReconciler(ObjectApplier applier, ChildGate gate) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Address;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            return;
        }

        var service = context.Observed.Service;
        var name = ServingObjectMeta.NameOf(service);
        var live = await applier.FindAsync(context.Observed.Address, name, service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
        if (await gate.AdmitAsync(context, "Service", live?.Metadata, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            context.Observed = context.Observed with { Address = null };
            context.Refuse(refusal);
            return;
        }

        try
        {
            context.Observed = context.Observed with { Address = await applier.ApplyAsync(live, ServingService.Build(service), cancellationToken).ConfigureAwait(false) };
        }
        catch (KubernetesException e) when (e.IsInvalid || e.StatusCode == HttpStatusCode.Forbidden)
        {
            // A policy or a quota: to try again at once helps nobody, and the workload of an unreachable service would only take accelerators.
            context.Refuse(new Finding(false, "InvalidService", e.Message, NeedsPerson: true));
        }
    }
}
