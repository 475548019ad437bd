using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node;

/// <summary>A process node.</summary>
public sealed record NodeOptions
{
    public required string Name { get; init; }

    /// <summary>Folder for volumes, logs and the list of running processes.</summary>
    public required string StateFolder { get; init; }

    /// <summary>Value of the label octavo.dev/node.</summary>
    public string Kind { get; init; } = "process";

    /// <summary>Image mappings, <c>NAME=EXECUTABLE[ ARG...][,CONTAINER_PATH=HOST_PATH...]</c>.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>Resources beyond cpu, memory and pods that the node pretends to have, such as <c>nvidia.com/gpu: "8"</c>.</summary>
    public IReadOnlyDictionary<string, string> ExtendedResources { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<V1Taint> Taints { get; init; } = [];

    /// <summary>Quantity; absent: the machine's cores.</summary>
    public string? Cpu { get; init; }

    /// <summary>Quantity; absent: the machine's memory.</summary>
    public string? Memory { get; init; }

    public int MaxPods { get; init; } = 110;

    /// <summary>Port of the log endpoint on loopback; 0 picks a free one.</summary>
    public int KubeletPort { get; init; }

    /// <summary>Upper bound of the time that stopping the node gives its pods.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(5);

    public NodeTimings Timings { get; init; } = new();
}
