using Octavo.KubernetesClient;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node.Devices;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Pods;
using Octavo.LocalCluster.Node.Probes;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node;

/// <summary>What the pods of a node share.</summary>
internal sealed record NodeServices
{
    public required IKubernetesClient Client { get; init; }
    public required NodeOptions Options { get; init; }
    public required ImageStore Images { get; init; }
    public required PodAddressAllocator Addresses { get; init; }
    public required DeviceAllocator Devices { get; init; }
    public required ProcessStarter Starter { get; init; }
    public required ProcessLedger Ledger { get; init; }
    public required ProbeRunner Probes { get; init; }
    public required ComponentEvents Events { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Logger { get; init; }
    public required IReadOnlyDictionary<string, string> Allocatable { get; init; }

    /// <summary>The node's own environment, of which containers inherit a little.</summary>
    public required IReadOnlyDictionary<string, string> Inherited { get; init; }

    public NodeTimings Timings => Options.Timings;

    public string HostIP => "127.0.0.1";
}
