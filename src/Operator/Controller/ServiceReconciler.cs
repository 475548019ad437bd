using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>The Service: the stable address, and what the gateway routes by.</summary>
internal sealed class ServiceReconciler(ObjectApplier applier) : ISubReconciler
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
        if (live is not null && !ServingObjectMeta.Controls(service, live.Metadata))
        {
            context.Findings[ConditionTypes.WorkloadReady] = new Finding(false, "NameConflict", $"Service {name} exists and does not belong to this InferenceService.", NeedsPerson: true);
            return;
        }

        var applied = await applier.ApplyAsync(live, ServingService.Build(service), cancellationToken).ConfigureAwait(false);
        context.Observed = context.Observed with { Address = applied };
    }
}
