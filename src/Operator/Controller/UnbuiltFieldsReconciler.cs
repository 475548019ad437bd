namespace Octavo.Operator.Controller;

/// <summary>Refuses what the definition has a field for and this release does not do.</summary>
internal sealed class UnbuiltFieldsReconciler : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Refusals;

    public Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (UnbuiltFields.In(context.Observed.Service.Spec) is { Count: > 0 } fields)
        {
            context.Refuse(new Finding(false, "NotBuilt", $"This release of the operator does not do {string.Join(", ", fields)}: remove it from the spec, or run a release that does.", NeedsPerson: true));
        }

        return Task.CompletedTask;
    }
}
