using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Finalizer;

/// <summary>What must be gone before an object may go.</summary>
public interface IEntityFinalizer<TEntity> where TEntity : class, IKubernetesObject
{
    /// <summary>As it stands in <c>metadata.finalizers</c>: domain/name.</summary>
    string Identifier { get; }

    /// <summary>Whether the object has something that this finalizer has to see to: it is attached while that is so, and taken off when it no longer is.</summary>
    bool IsNeeded(TEntity entity) => true;

    /// <summary>
    /// Called when the object is being deleted, again and again until it is a success without <see cref="ReconciliationResult{TEntity}.RequeueAfter"/>,
    /// which lets the object go. Must bear being called after it succeeded.
    /// </summary>
    Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellationToken);
}
