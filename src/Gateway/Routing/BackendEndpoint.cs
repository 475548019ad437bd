using System.Globalization;

namespace Octavo.Gateway.Routing;

/// <summary>Where one replica listens. The address is an IP address as an EndpointSlice gives it.</summary>
internal readonly record struct BackendEndpoint(string Address, int Port) : IComparable<BackendEndpoint>
{
    /// <summary>Host and port of a URI; an IPv6 address gets its brackets.</summary>
    public string Authority => (Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]:" : Address + ":") + Port.ToString(CultureInfo.InvariantCulture);

    public int CompareTo(BackendEndpoint other)
    {
        var byAddress = string.CompareOrdinal(Address, other.Address);
        return byAddress != 0 ? byAddress : Port.CompareTo(other.Port);
    }

    public override string ToString() => Authority;
}
