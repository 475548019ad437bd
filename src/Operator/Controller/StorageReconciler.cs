using System.Net;
using Octavo.KubernetesClient;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>The PersistentVolumeClaim for fetched models, where spec.storage asks for one. A claim that is no longer asked for stays until the service goes.</summary>
internal sealed class StorageReconciler(ObjectApplier applier, ChildGate gate) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Storage;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            return;
        }

        var service = context.Observed.Service;
        if (ModelStorage.Build(service) is not { } wanted)
        {
            return;
        }

        var live = await applier.FindAsync(context.Observed.Claim, wanted.Metadata.Name!, service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
        if (await gate.AdmitAsync(context, "PersistentVolumeClaim", live?.Metadata, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            context.Refuse(refusal.NeedsPerson ? refusal with { Message = refusal.Message + " To use it, name it in spec.storage.claimName." } : refusal);
            return;
        }

        if (live is not null && ModelStorage.Conflict(live, wanted) is { } conflict)
        {
            Refuse(context, "StorageImmutable", conflict);
            return;
        }

        try
        {
            context.Observed = context.Observed with { Claim = await applier.ApplyAsync(live, wanted, cancellationToken).ConfigureAwait(false) };
        }
        catch (KubernetesException e) when (e.IsInvalid || e.StatusCode == HttpStatusCode.Forbidden)
        {
            // A quota, a class that cannot grow, a value that no claim takes: a person has to look, and trying again at once does not help.
            Refuse(context, "InvalidStorage", e.Message);
        }
    }

    private static void Refuse(ReconcileContext context, string reason, string message) => context.Refuse(new Finding(false, reason, message, NeedsPerson: true));
}
