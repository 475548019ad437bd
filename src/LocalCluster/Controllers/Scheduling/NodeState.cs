using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>A node and what the pods on it have taken.</summary>
internal sealed record NodeState
{
    public required V1Node Node { get; init; }
    public required IReadOnlyDictionary<string, decimal> Allocatable { get; init; }
    public required IReadOnlyDictionary<string, decimal> Requested { get; init; }
    public required IReadOnlyList<V1Pod> Pods { get; init; }

    public string Name => Node.Metadata.Name!;

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
