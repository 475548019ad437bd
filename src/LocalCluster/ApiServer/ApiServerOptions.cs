using System.Net;
using Octavo.LocalCluster.ApiServer.Authorization;
using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.LocalCluster.ApiServer;

/// <summary>How an embedded API server is started. The defaults suit a test.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Loopback unless said otherwise.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>The bearer token of the administrator (system:masters); a random one when null.</summary>
    public string? AdminToken { get; init; }

    public AuthorizationMode Authorization { get; init; } = AuthorizationMode.AlwaysAllow;

    /// <summary>The IPv4 range that cluster IPs are taken from.</summary>
    public string ServiceCidr { get; init; } = "10.96.0.0/16";

    /// <summary>Whether pods need their ServiceAccount to exist and get its token volume, as in a real cluster.</summary>
    public bool ServiceAccountAdmission { get; init; } = true;

    /// <summary>How many events watches can go back; older revisions answer 410.</summary>
    public int WatchHistoryLimit { get; init; } = 20_000;

    /// <summary>What goes wrong with requests; empty unless rules are added, which may be done while the server runs.</summary>
    public FaultPlan Faults { get; init; } = new();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
