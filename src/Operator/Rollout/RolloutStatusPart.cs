using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Rollout;

/// <summary>How far replicas are brought to the wanted template, and how; and the accelerators that they need. Pure.</summary>
internal sealed class RolloutStatusPart : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context)
    {
        var before = context.Observed.Service.Status;
        return context.Observed.Rollout is not { } plan
            ? status with { Rollout = before?.Rollout, Accelerators = before?.Accelerators }
            : status with { Rollout = Of(plan, before?.Rollout), Accelerators = Accelerators(context.Observed, plan) };
    }

    /// <summary>After a rollout, how it was done stays told.</summary>
    private static RolloutStatus Of(RolloutPlan plan, RolloutStatus? before)
    {
        var known = before?.Revision == plan.Revision ? before : null;
        var decision = plan.Decision;
        return new RolloutStatus
        {
            Strategy = decision.IsRolling ? decision.Mode.ToString() : known?.Strategy,
            Reason = decision.IsRolling ? decision.Reason : known?.Reason,
            Message = decision.IsRolling ? decision.Message : known?.Message,
            Revision = plan.Revision,
            UpdatedReplicas = plan.Progress.Updated,
            ReadyReplicas = plan.Progress.Ready,
            TotalReplicas = plan.Progress.Total,
        };
    }

    /// <summary>What is free is told while it matters: it changes with every pod of the cluster, and a service at rest is not to be written for that.</summary>
    private static AcceleratorStatus? Accelerators(ObservedState observed, RolloutPlan plan) => observed.Service.Spec.Accelerator is not { } accelerator ? null : new AcceleratorStatus
    {
        Resource = accelerator.Resource ?? AcceleratorSpec.DefaultResource,
        Needed = (accelerator.Count ?? 1) * (accelerator.Nodes ?? 1) * observed.DesiredReplicas,
        Free = plan.Decision.Proof is { Unprovable: null } proof ? (int)Math.Min(int.MaxValue, proof.AcceleratorsFree) : null,
    };
}
