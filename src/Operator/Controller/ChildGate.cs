using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>
/// What happens with an object that already has the name of a child: the service's own is applied, one that lost its owner is taken over and told as an Event,
/// one that is about to go is waited for, a stranger's is left alone.
/// </summary>
internal sealed class ChildGate(EventPublisher events)
{
    /// <summary>The garbage collector takes its time; its work wakes the reconcile, unless the object is none that the caches hold.</summary>
    private static readonly TimeSpan LeavingPause = TimeSpan.FromSeconds(10);

    /// <summary>Null: the object may be applied. Else why not.</summary>
    /// <param name="context">Asked to look again where waiting helps.</param>
    /// <param name="kind">For people.</param>
    /// <param name="live">Null: there is none.</param>
    /// <param name="cancellationToken">Ends the telling.</param>
    public async Task<Finding?> AdmitAsync(ReconcileContext context, string kind, V1ObjectMeta? live, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        switch (live is null ? Ownership.Own : ServingObjectMeta.OwnershipOf(service, live))
        {
            case Ownership.Own:
                return null;
            case Ownership.Orphan:
                await events.PublishAsync(service, "Normal", "Adopted", $"{kind} {live!.Name} carries this service's labels and had no owner: it is taken over.", cancellationToken).ConfigureAwait(false);
                return null;
            case Ownership.Leaving:
                context.RequeueWithin(LeavingPause);
                return new Finding(false, "WaitingForDeletion", $"{kind} {live!.Name} of an earlier InferenceService of this name is still being removed.");
            default:
                return new Finding(false, "NameConflict", $"{kind} {live!.Name} exists and does not belong to this InferenceService.", NeedsPerson: true);
        }
    }
}
