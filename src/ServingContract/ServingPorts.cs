namespace Octavo.ServingContract;

/// <summary>Ports of a replica, as the pod template declares them and the runtime binds them.</summary>
public static class ServingPorts
{
    /// <summary>API, health and metrics of a replica.</summary>
    public const int Http = 8000;

    /// <summary>Name of <see cref="Http"/> in the container and in the Service.</summary>
    public const string HttpName = "http";

    /// <summary>Default port of the gateway.</summary>
    public const int Gateway = 8080;

    /// <summary>The port to give <c>--admin-port</c>, which has no default.</summary>
    public const int Admin = 8001;

    /// <summary>Name of <see cref="Admin"/> in the container; it belongs in no Service.</summary>
    public const string AdminName = "admin";

    /// <summary>Progress of a fetch, in the container that fetches, while it does.</summary>
    public const int FetchProgress = 8002;

    /// <summary>Health and readiness of a runtime in somebody else's pod, whose API only that pod can reach.</summary>
    public const int Probe = 8003;
}
