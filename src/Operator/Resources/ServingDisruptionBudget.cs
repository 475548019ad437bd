using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>The PodDisruptionBudget of an InferenceService. Pure.</summary>
internal static class ServingDisruptionBudget
{
    /// <summary>
    /// Of the replicas, rounded up: one of up to ten. A drain never takes all of two or more, and one of eighty replicas does not wait for each to load its model in turn.
    /// A percentage, so that the budget stays the same however often their number changes.
    /// </summary>
    private const string Replicas = "10%";

    /// <summary>
    /// Of the pods of replicas that span nodes. The loss of any of a group's pods makes the group anew, so all its pods count, the workers too; and a percentage of them could
    /// fall on one pod of each group. Once one is evicted its whole group is not ready, and the budget lets no other group be touched until it is.
    /// </summary>
    private const int GroupPods = 1;

    /// <summary>Null for one replica or none: a budget would either hold up every drain for good or protect nothing.</summary>
    public static V1PodDisruptionBudget? Build(V1Alpha1InferenceService service, int replicas) => replicas < 2 ? null : new V1PodDisruptionBudget
    {
        Metadata = ServingObjectMeta.Create(service),
        Spec = new V1PodDisruptionBudgetSpec
        {
            MaxUnavailable = service.Spec.Accelerator?.Nodes > 1 ? GroupPods : Replicas,
            Selector = new V1LabelSelector { MatchLabels = ServingObjectMeta.SelectorLabels(service) },
            // A replica that answers nobody is no reason to keep a node.
            UnhealthyPodEvictionPolicy = "AlwaysAllow",
        },
    };
}
