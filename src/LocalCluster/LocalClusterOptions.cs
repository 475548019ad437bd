using Microsoft.Extensions.Logging.Abstractions;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node;
using Octavo.LocalCluster.Node.Hollow;

namespace Octavo.LocalCluster;

/// <summary>A whole cluster in one process. The defaults are a small one with a node and a port of the system's choice.</summary>
public sealed record LocalClusterOptions
{
    public ApiServerOptions ApiServer { get; init; } = new();

    /// <summary>Where the kubeconfig is written, readable by the owner only; absent: into the state folder.</summary>
    public string? KubeConfigPath { get; init; }

    /// <summary>Folder for pods, logs and claims; absent: a temporary one that goes with the cluster.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Without the controllers the API server is alone, and no pod is ever made, bound or collected.</summary>
    public bool RunControllers { get; init; } = true;

    /// <summary>Number of process nodes alike, named node-1, node-2 and so on; 0 for a cluster that runs nothing.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>More nodes, each as it is described: their labels, taints and resources, and hollow ones.</summary>
    public IReadOnlyList<ClusterNode> NodeList { get; init; } = [];

    /// <summary>What pods on hollow nodes do; chosen when a pod is first seen.</summary>
    public Func<V1Pod, PodScript> PodScript { get; init; } = static _ => new PodScript();

    /// <summary>Address of a pod on a hollow node; absent: a made-up one that nothing answers on.</summary>
    public Func<V1Pod, string>? HollowPodAddress { get; init; }

    /// <summary>Image mappings of the nodes: <c>NAME=EXECUTABLE[ ARG...][,CONTAINER_PATH=HOST_PATH...]</c>.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>Pretended devices of each node, such as <c>nvidia.com/gpu: "8"</c>.</summary>
    public IReadOnlyDictionary<string, string> ExtendedResources { get; init; } = new Dictionary<string, string>();

    /// <summary>Quantity per node; absent: the machine's.</summary>
    public string? NodeCpu { get; init; }

    /// <summary>Quantity per node; absent: the machine's.</summary>
    public string? NodeMemory { get; init; }

    public int MaxPodsPerNode { get; init; } = 110;

    public NodeTimings NodeTimings { get; init; } = new();

    public ControllerManagerOptions Controllers { get; init; } = new();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}
