using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>A node and what the pods on it have taken.</summary>
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
}
