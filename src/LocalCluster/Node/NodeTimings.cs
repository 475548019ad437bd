namespace Octavo.LocalCluster.Node;

/// <summary>The kubelet's intervals; tests make them short.</summary>
public sealed record NodeTimings
{
    /// <summary>Length of one second of the API: of probe periods, initial delays, timeouts and grace periods.</summary>
    public TimeSpan Second { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan CrashLoopInitial { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan CrashLoopMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the node renews its Lease.</summary>
    public TimeSpan LeaseRenewal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the Node's conditions are refreshed when nothing changes.</summary>
    public TimeSpan NodeStatusRefresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long until something missing (a ConfigMap to mount, an unreachable server) is tried again.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);
}
