using System.Globalization;
using System.Net;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Hands out cluster IPs and node ports. Thread-safe.</summary>
internal sealed class ServiceAllocator
{
    private const int FirstPort = 30000;
    private const int LastPort = 32767;
    private readonly Lock _gate = new();
    private readonly HashSet<uint> _addresses = [];
    private readonly HashSet<int> _ports = [];
    private readonly uint _network;
    private readonly uint _size;
    private uint _nextAddress = 10;
    private int _nextPort = FirstPort;

    /// <param name="cidr">An IPv4 range, such as 10.96.0.0/16.</param>
    public ServiceAllocator(string cidr)
    {
        var network = IPNetwork.Parse(cidr);
        _network = ToNumber(network.BaseAddress);
        _size = 1u << (32 - network.PrefixLength);
    }

    public bool Contains(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.GetAddressBytes().Length == 4 && ToNumber(ip) - _network < _size && ToNumber(ip) >= _network;

    public bool TryTakeAddress(string address)
    {
        lock (_gate)
        {
            return _addresses.Add(ToNumber(IPAddress.Parse(address)));
        }
    }

    /// <returns>A free address, or null when the range is used up.</returns>
    public string? TakeAddress()
    {
        lock (_gate)
        {
            for (uint tried = 0; tried < _size; tried++)
            {
                // The first and the last address of a range are not handed out.
                var candidate = _network + 1 + (_nextAddress++ % (_size - 2));
                if (_addresses.Add(candidate))
                {
                    return FromNumber(candidate);
                }
            }

            return null;
        }
    }

    public void ReturnAddress(string address)
    {
        lock (_gate)
        {
            if (IPAddress.TryParse(address, out var ip))
            {
                _addresses.Remove(ToNumber(ip));
            }
        }
    }

    public bool TryTakePort(int port)
    {
        lock (_gate)
        {
            return _ports.Add(port);
        }
    }

    /// <returns>A free port, or 0 when there is none.</returns>
    public int TakePort()
    {
        lock (_gate)
        {
            for (var tried = FirstPort; tried <= LastPort; tried++)
            {
                var candidate = FirstPort + (_nextPort++ % (LastPort - FirstPort + 1));
                if (_ports.Add(candidate))
                {
                    return candidate;
                }
            }

            return 0;
        }
    }

    public void ReturnPort(int port)
    {
        lock (_gate)
        {
            _ports.Remove(port);
        }
    }

    private static uint ToNumber(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
    }

    private static string FromNumber(uint address) => string.Create(
        CultureInfo.InvariantCulture, $"{address >> 24}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}");
}
