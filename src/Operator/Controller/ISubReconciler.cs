namespace Octavo.Operator.Controller;

/// <summary>
/// One concern of an InferenceService: plans from <see cref="ReconcileContext.Observed"/>, applies what differs, leaves a finding. Runs again and again and
/// writes nothing when all is as wanted. An exception stops the reconcile, which is tried again with growing delay.
/// </summary>
internal interface ISubReconciler
{
    Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken);
}
