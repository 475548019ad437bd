using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>What the autoscaler sees and did. Before its first look the status of an earlier life stays as it is: it is where the autoscaler resumes.</summary>
internal sealed class AutoscalingStatusPart : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) => status with { Autoscaling = Of(context.Observed) };

    private static AutoscalingStatus? Of(ObservedState observed)
    {
        if (observed.Service.Spec.Autoscaling is null)
        {
            return null;
        }

        return observed.Autoscaler is not { } state ? observed.Service.Status?.Autoscaling : new AutoscalingStatus
        {
            MetricsState = state.MetricsState,
            LastDecision = state.Decisions.Count > 0 ? state.Decisions[0] : null,
            History = state.Decisions.Count > 0 ? state.Decisions : null,
        };
    }
}
