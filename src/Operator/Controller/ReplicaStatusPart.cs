using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>How many replicas there are, and where they answer.</summary>
internal sealed class ReplicaStatusPart : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context)
    {
        var observed = context.Observed;
        return status with
        {
            Replicas = observed.Workload?.Replicas ?? 0,
            ReadyReplicas = observed.ReadyReplicas,
            DesiredReplicas = observed.DesiredReplicas,
            Selector = ServingObjectMeta.SelectorText(observed.Service),
            Url = observed.Address is null ? null : ServingService.Url(observed.Service),
        };
    }
}
