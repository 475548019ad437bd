using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Controller;

/// <summary>One key: gone, being deleted, or to be reconciled with its finalizers attached.</summary>
public sealed class EntityReconciler<TEntity>(Lister<TEntity> lister, IEntityController<TEntity> controller, FinalizerManager<TEntity> finalizers)
    where TEntity : class, IKubernetesObject
{
    public async Task<ReconcileOutcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (lister.Get(key) is not { } entity)
        {
            await controller.DeletedAsync(key, cancellationToken).ConfigureAwait(false);
            return ReconcileOutcome.Done;
        }

        if (entity.Metadata.DeletionTimestamp is not null)
        {
            return Outcome(await finalizers.FinalizeAsync(entity, cancellationToken).ConfigureAwait(false));
        }

        var attached = await finalizers.AttachAsync(entity, cancellationToken).ConfigureAwait(false);
        return attached.Metadata.DeletionTimestamp is null
            ? Outcome(await controller.ReconcileAsync(attached, cancellationToken).ConfigureAwait(false))
            : ReconcileOutcome.Done;
    }

    private static ReconcileOutcome Outcome(ReconciliationResult<TEntity> result)
    {
        if (!result.IsSuccess)
        {
            return ReconcileOutcome.Failed(result.ErrorMessage, result.Error, result.RequeueAfter);
        }

        return result.RequeueAfter is { } delay ? ReconcileOutcome.After(delay) : ReconcileOutcome.Done;
    }
}
