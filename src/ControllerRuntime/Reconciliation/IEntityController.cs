using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Reconciliation;

/// <summary>
/// Brings the world to what an object wants. Level-triggered: it is told which object, never what happened, and reads all else from listers. One object
/// is never worked on twice at once. An exception means another try with growing delay; <see cref="TerminalException"/> means none.
/// </summary>
public interface IEntityController<TEntity> where TEntity : class, IKubernetesObject
{
    /// <summary>The object exists and is not being deleted; its finalizers are attached.</summary>
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>The object is gone: drop what was remembered about it. It may be called for a key that was never seen.</summary>
    Task DeletedAsync(NamespacedName key, CancellationToken cancellationToken) => Task.CompletedTask;
}
