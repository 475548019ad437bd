using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Condition ModelReady. The files themselves are made present by the pods' init container, or by a Job, whose reconciler judges anew.</summary>
internal sealed class ModelReconciler : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Model;

    public Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        context.Findings[ConditionTypes.ModelReady] = ModelDiagnosis.Of(context.Observed);
        return Task.CompletedTask;
    }
}
