using Octavo.Gateway.Waiting;
using Octavo.ServingContract;

namespace Octavo.Gateway.Configuration;

/// <summary>All settings of the gateway, with their defaults.</summary>
internal sealed record GatewayOptions
{
    /// <summary>Path of a kubeconfig; absent: in-cluster, then KUBECONFIG, then ~/.kube/config.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>IP address, <c>localhost</c>, or <c>0.0.0.0</c> for all.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; } = ServingPorts.Gateway;

    /// <summary>Namespaces to watch; none: all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Keys of which one must come as a bearer token; none: no authentication.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>How long a request waits for an endpoint, all its waits together.</summary>
    public TimeSpan HeldRequestTimeout { get; init; } = TimeSpan.FromSeconds(120);

    public WaitingRoomOptions WaitingRoom { get; init; } = new();

    public ForwardingOptions Forwarding { get; init; } = new();

    /// <summary>How long SIGTERM waits for requests in flight.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
