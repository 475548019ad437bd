using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>A node and what the pods on it have taken. Immutable: a pod that comes or goes makes a new state, at the cost of this node alone.</summary>
public sealed record NodeState
{
    public required V1Node Node { get; init; }
    public required IReadOnlyDictionary<string, decimal> Allocatable { get; init; }
    public required IReadOnlyDictionary<string, decimal> Requested { get; init; }
    public required IReadOnlyList<V1Pod> Pods { get; init; }

    public string Name => Node.Metadata.Name!;

    /// <param name="node">Its allocatable amounts count, or the capacity where it names none.</param>
    /// <param name="pods">All pods on it that have not finished, terminating ones included: they hold their resources until they are gone.</param>
    public static NodeState Of(V1Node node, IReadOnlyList<V1Pod> pods)
    {
        var requested = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            ResourceAmounts.Add(requested, ResourceAmounts.OfPod(pod));
        }

        return new NodeState
        {
            Node = node,
            Allocatable = ResourceAmounts.Parse(node.Status?.Allocatable ?? node.Status?.Capacity),
            Requested = requested,
            Pods = pods,
        };
    }

    /// <summary>The same with one pod more.</summary>
    public NodeState With(PodDemand pod)
    {
        var requested = new Dictionary<string, decimal>(Requested, StringComparer.Ordinal);
        ResourceAmounts.Add(requested, pod.Amounts);
        return this with { Requested = requested, Pods = [.. Pods, pod.Pod] };
    }

    /// <summary>The same without the pod of this uid; the state itself where it is not here.</summary>
    public NodeState Without(string uid)
    {
        if (Pods.FirstOrDefault(p => p.Metadata.Uid == uid) is not { } gone)
        {
            return this;
        }

        var requested = new Dictionary<string, decimal>(Requested, StringComparer.Ordinal);
        foreach (var (name, amount) in ResourceAmounts.OfPod(gone))
        {
            requested[name] = requested.GetValueOrDefault(name) - amount;
        }

        return this with { Requested = requested, Pods = [.. Pods.Where(p => !ReferenceEquals(p, gone))] };
    }
}
