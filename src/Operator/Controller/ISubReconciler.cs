using Octavo.ControllerRuntime;

namespace Octavo.Operator.Controller;

/// <summary>
/// One concern of an InferenceService: plans from <see cref="ReconcileContext.Observed"/>, applies what differs, leaves findings. Runs again and again and
/// writes nothing when all is as wanted. An exception stops the reconcile, which is tried again with growing delay. The controller runs every one that is
/// registered, in the order of <see cref="Stage"/>.
/// </summary>
internal interface ISubReconciler
{
    ReconcileStage Stage { get; }

    Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken);

    /// <summary>Drops what is remembered of an InferenceService that is gone.</summary>
    void Forget(NamespacedName service)
    {
    }
}
