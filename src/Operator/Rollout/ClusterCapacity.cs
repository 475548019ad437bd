using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>The nodes, and the pods that others have on them or want there.</summary>
internal sealed class ClusterCapacity
{
    private readonly Func<string, IReadOnlyList<V1Pod>> podsOn;

    private ClusterCapacity(string? unknown, IReadOnlyList<V1Node> nodes, Func<string, IReadOnlyList<V1Pod>> podsOn, IReadOnlyList<V1Pod> waiting) =>
        (UnknownBecause, Nodes, this.podsOn, Waiting) = (unknown, nodes, podsOn, waiting);

    /// <summary>Why nothing is known of nodes or of other pods, for people; null where all is.</summary>
    public string? UnknownBecause { get; }

    public IReadOnlyList<V1Node> Nodes { get; }

    /// <summary>Pods of others that have no node and may be given one at any time.</summary>
    public IReadOnlyList<V1Pod> Waiting { get; }

    public static ClusterCapacity Unknown(string why) => new(why, [], _ => [], []);

    /// <param name="nodes">All nodes.</param>
    /// <param name="podsOn">Pods of others by the name of their node; those that ended may be among them.</param>
    /// <param name="unplaced">Pods of others without a node.</param>
    public static ClusterCapacity Known(IReadOnlyList<V1Node> nodes, Func<string, IReadOnlyList<V1Pod>> podsOn, IEnumerable<V1Pod> unplaced) =>
        new(null, nodes, podsOn, [.. unplaced.Where(IsInQueue)]);

    /// <summary>From lists.</summary>
    public static ClusterCapacity Of(IReadOnlyList<V1Node> nodes, IReadOnlyList<V1Pod> others)
    {
        var byNode = others.Where(p => !string.IsNullOrEmpty(p.Spec?.NodeName)).ToLookup(p => p.Spec!.NodeName!, StringComparer.Ordinal);
        return Known(nodes, node => [.. byNode[node]], others.Where(p => string.IsNullOrEmpty(p.Spec?.NodeName)));
    }

    /// <summary>Pods of others that hold resources of the node: also those that end, until they are gone.</summary>
    public IEnumerable<V1Pod> PodsOn(string node) => podsOn(node).Where(p => !IsFinished(p));

    public static bool IsFinished(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    private static bool IsInQueue(V1Pod pod) =>
        !IsFinished(pod) && pod.Metadata.DeletionTimestamp is null && pod.Spec?.SchedulingGates is null or { Count: 0 };
}
