using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>Why a node cannot take a pod, in the real scheduler's words and its order: the first kind of obstacle is the one named. Pure.</summary>
public static class NodeFilter
{
    private const string UnschedulableTaint = "node.kubernetes.io/unschedulable";

    /// <summary>Empty where the pod fits. Several reasons only where several resources are short.</summary>
    public static IReadOnlyList<string> Reasons(V1Pod pod, NodeState node) => Reasons(PodDemand.Of(pod), node);

    /// <summary>The same for a pod that is compared with many nodes.</summary>
    public static IReadOnlyList<string> Reasons(PodDemand demand, NodeState node)
    {
        var pod = demand.Pod;
        if (node.Node.Spec?.Unschedulable == true && !Tolerates(pod, new V1Taint { Key = UnschedulableTaint, Effect = "NoSchedule" }))
        {
            return ["node(s) were unschedulable"];
        }

        if (node.Node.Spec?.Taints?.FirstOrDefault(t => t.Effect is "NoSchedule" or "NoExecute" && !Tolerates(pod, t)) is { } taint)
        {
            return [$"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}"];
        }

        if (!NodeAffinity.Allows(pod, node.Node))
        {
            return ["node(s) didn't match Pod's node affinity/selector"];
        }

        if (HostPortTaken(demand, node))
        {
            return ["node(s) didn't have free ports for the requested pod ports"];
        }

        return ShortResources(demand, node);
    }

    /// <summary>Deleting other pods could make room: only a shortage can be cured that way.</summary>
    public static bool IsResolvableByPreemption(string reason) =>
        reason.StartsWith("Insufficient ", StringComparison.Ordinal) || reason == "Too many pods" || reason.Contains("free ports", StringComparison.Ordinal);

    /// <summary>One of the pod's tolerations covers the taint.</summary>
    public static bool Tolerates(V1Pod pod, V1Taint taint) => (pod.Spec?.Tolerations ?? []).Any(t => Tolerates(t, taint));

    /// <summary>This toleration covers the taint.</summary>
    public static bool Tolerates(V1Toleration toleration, V1Taint taint) =>
        (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
        && (string.IsNullOrEmpty(toleration.Key) ? toleration.Operator == "Exists" : toleration.Key == taint.Key)
        && (toleration.Operator == "Exists" || (toleration.Value ?? "") == (taint.Value ?? ""));

    private static List<string> ShortResources(PodDemand demand, NodeState node)
    {
        var reasons = new List<string>();
        if (node.Allocatable.TryGetValue("pods", out var maxPods) && node.Pods.Count + 1 > maxPods)
        {
            reasons.Add("Too many pods");
        }

        foreach (var (name, amount) in demand.Amounts)
        {
            if (amount > 0 && amount > node.Allocatable.GetValueOrDefault(name) - node.Requested.GetValueOrDefault(name))
            {
                reasons.Add($"Insufficient {name}");
            }
        }

        return reasons;
    }

    private static bool HostPortTaken(PodDemand demand, NodeState node) =>
        demand.HostPorts.Count > 0 && node.Pods.SelectMany(PodDemand.PortsOf).Any(demand.HostPorts.Contains);
}
