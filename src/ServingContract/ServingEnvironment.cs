namespace Octavo.ServingContract;

/// <summary>Environment variables that <c>octavo-serve</c> reads.</summary>
public static class ServingEnvironment
{
    /// <summary>
    /// The address that stands for all interfaces and for loopback: where many pods share one network, as on the process node of LocalCluster, a server that is
    /// told to listen on one of those listens on this address alone.
    /// </summary>
    public const string BindHost = "OCTAVO_BIND_HOST";
}
