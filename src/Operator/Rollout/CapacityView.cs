using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;

namespace Octavo.Operator.Rollout;

/// <summary>Nodes and pods of the whole cluster, from caches, where the operator is allowed to see them.</summary>
/// <param name="nodes">All nodes.</param>
/// <param name="pods">All pods, with <see cref="NodeIndex"/>.</param>
/// <param name="unknownBecause">Why one of the two is not shown; null where both are.</param>
internal sealed class CapacityView(Lister<V1Node> nodes, Lister<ClusterPod> pods, Func<string?> unknownBecause)
{
    /// <summary>Index of pods by the name of their node; those without one under the empty text.</summary>
    public const string NodeIndex = "node";

    public static IEnumerable<string> NodeOf(ClusterPod pod) => [pod.Spec?.NodeName ?? ""];

    /// <summary>As one service sees it: its own pods are not among those of others.</summary>
    public ClusterCapacity Of(NamespacedName service)
    {
        if (unknownBecause() is { } why)
        {
            return ClusterCapacity.Unknown($"free accelerators cannot be counted: {why}");
        }

        return ClusterCapacity.Known(nodes.List(), node => Others(node), Others(""));

        List<V1Pod> Others(string node) => [.. pods.ByIndex(NodeIndex, node).Where(p => !ClusterView.ServiceOf(p).Contains(service)).Select(p => p.ToPod())];
    }
}
