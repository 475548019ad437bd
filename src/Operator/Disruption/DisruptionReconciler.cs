using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Disruption;

/// <summary>The PodDisruptionBudget, for as long as more than one replica is wanted; condition DisruptionBudgetReady, only while it cannot be had.</summary>
internal sealed class DisruptionReconciler(OptionalChild<V1PodDisruptionBudget> budgets) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Integrations;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            // What runs goes on, and is protected as it was.
            return;
        }

        var wanted = ServingDisruptionBudget.Build(context.Observed.Service, context.Observed.DesiredReplicas);
        var finding = await budgets.EnsureAsync(context, wanted, cancellationToken).ConfigureAwait(false);
        context.Findings[ConditionTypes.DisruptionBudgetReady] = finding is { Status: false } ? finding : null;
    }
}
