using System.Net;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>The address that the server listens on.</summary>
internal static class BindAddress
{
    /// <param name="host">As the command line has it.</param>
    /// <param name="narrowed">Stands for all interfaces and for loopback where the surroundings say so (<see cref="ServingContract.ServingEnvironment.BindHost"/>); null or empty: they do not.</param>
    public static string Of(string host, string? narrowed) => !string.IsNullOrEmpty(narrowed) && (IsAny(host) || IsLoopback(host)) ? narrowed : host;

    public static bool IsAny(string host) => IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>The address that every host has; others of 127.0.0.0/8 are meant as they are written.</summary>
    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback)));
}
