namespace Octavo.ServingContract;

/// <summary>Environment variables that <c>octavo-serve</c> reads.</summary>
public static class ServingEnvironment
{
    /// <summary>
    /// The address that stands for all interfaces and for loopback: where many pods share one network, as on the process node of LocalCluster, a server that is
    /// told to listen on one of those listens on this address alone.
    /// </summary>
    public const string BindHost = "OCTAVO_BIND_HOST";

    /// <summary>What <see cref="ServingFlags.Device"/> is where nobody says: an image for GPUs sets it to cuda, so that its replicas never compute on the CPU instead.</summary>
    public const string Device = "OCTAVO_DEVICE";
}
