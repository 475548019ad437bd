using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>Hollow nodes and what their pods do.</summary>
public sealed record HollowNodesOptions
{
    /// <summary>One each; process nodes among them are ignored.</summary>
    public required IReadOnlyList<ClusterNode> Nodes { get; init; }

    /// <summary>Chosen when the pod is first seen.</summary>
    public Func<V1Pod, PodScript> Script { get; init; } = static _ => new PodScript();

    /// <summary>A pod's address; absent: a made-up one that nothing answers on.</summary>
    public Func<V1Pod, string>? Address { get; init; }

    public string Cpu { get; init; } = "64";
    public string Memory { get; init; } = "512Gi";
    public int MaxPods { get; init; } = 110;

    /// <summary>How many status writes and deletions are under way at once.</summary>
    public int Workers { get; init; } = 4;

    public NodeTimings Timings { get; init; } = new();
}
