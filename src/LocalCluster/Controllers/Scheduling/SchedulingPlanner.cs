using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>Chooses a node for a pod. Pure.</summary>
internal static class SchedulingPlanner
{
    public static SchedulingDecision Decide(V1Pod pod, IReadOnlyList<NodeState> nodes)
    {
        if (nodes.Count == 0)
        {
            return new SchedulingDecision(null, "no nodes available to schedule pods");
        }

        var demand = PodDemand.Of(pod);
        var reasons = nodes.Select(n => (Node: n, Reasons: NodeFilter.Reasons(demand, n))).ToList();
        var feasible = reasons.Where(r => r.Reasons.Count == 0).Select(r => r.Node).ToList();
        return feasible.Count > 0
            ? new SchedulingDecision(Best(pod, feasible).Name, null)
            : new SchedulingDecision(null, Sentence(nodes.Count, [.. reasons.Select(r => r.Reasons)]));
    }

    /// <summary>The real scheduler's sentence: how many nodes had each obstacle, and that nobody is evicted for this pod.</summary>
    internal static string Sentence(int nodes, IReadOnlyList<IReadOnlyList<string>> reasonsOfNodes)
    {
        var helpless = reasonsOfNodes.Count(r => !r.All(NodeFilter.IsResolvableByPreemption));
        var preemption = new List<string>();
        if (helpless > 0)
        {
            preemption.Add($"{helpless} Preemption is not helpful for scheduling");
        }

        if (nodes - helpless > 0)
        {
            preemption.Add($"{nodes - helpless} No preemption victims found for incoming pod");
        }

        return $"0/{nodes} nodes are available: {Counted(reasonsOfNodes.SelectMany(r => r))}. "
            + $"preemption: 0/{nodes} nodes are available: {string.Join(", ", preemption.Order(StringComparer.Ordinal))}.";
    }

    private static string Counted(IEnumerable<string> reasons) =>
        string.Join(", ", reasons.GroupBy(r => r, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal));

    /// <summary>Preferences first; then fewer pods of the same controller (they are replicas of each other), then the emptier node.</summary>
    private static NodeState Best(V1Pod pod, IReadOnlyList<NodeState> feasible)
    {
        var controller = Ownership.ControllerOf(pod)?.Uid;
        return feasible
            .OrderByDescending(n => NodeAffinity.Preference(pod, n.Node))
            .ThenBy(n => n.Node.Spec?.Taints?.Count(t => t.Effect == "PreferNoSchedule" && !NodeFilter.Tolerates(pod, t)) ?? 0)
            .ThenBy(n => controller is null ? 0 : n.Pods.Count(p => Ownership.ControllerOf(p)?.Uid == controller))
            .ThenBy(n => Load(n, "cpu") + Load(n, "memory"))
            .ThenBy(n => n.Pods.Count)
            .ThenBy(n => n.Name, StringComparer.Ordinal)
            .First();
    }

    private static decimal Load(NodeState node, string resource) =>
        node.Allocatable.GetValueOrDefault(resource) is > 0 and var amount ? node.Requested.GetValueOrDefault(resource) / amount : 1;
}
