using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Kubernetes' own libraries: quantities, URLs, IP addresses and CIDRs.</summary>
internal static class CelKubernetesFunctions
{
    private static readonly BigInteger NanoPerUnit = 1_000_000_000;

    public static bool TryInvoke(bool method, string name, object?[] values, out object? result)
    {
        result = method ? OfValue(name, values) : OfText(name, values);
        return result is not null;
    }

    private static object? OfText(string name, object?[] values)
    {
        if (values is not [string text])
        {
            return null;
        }

        switch (name)
        {
            case "quantity":
                return ResourceQuantity.TryParse(text, out var quantity, out var error) ? quantity : throw new CelException(error);
            case "isQuantity":
                return ResourceQuantity.TryParse(text, out _, out _);
            case "url":
                return Url(text) ?? throw new CelException($"URL parse error during conversion from string: parse {JsonValues.Quote(text)}: invalid URI for request");
            case "isURL":
                return Url(text) is not null;
            case "ip":
                return Address(text) ?? throw new CelException($"IP Address {JsonValues.Quote(text)} parse error during conversion from string: ParseAddr({JsonValues.Quote(text)}): unable to parse IP");
            case "isIP":
                return Address(text) is not null;
            case "cidr":
                return IPNetwork.TryParse(text, out var network) ? network : throw new CelException("network address parse error during conversion from string");
            case "isCIDR":
                return IPNetwork.TryParse(text, out _);
            default:
                return null;
        }
    }

    private static object? OfValue(string name, object?[] values) => values switch
    {
        [ResourceQuantity left, ..] => OfQuantity(name, left, values),
        [Uri url] => OfUrl(name, url),
        [IPAddress address] => name switch
        {
            "family" => address.AddressFamily == AddressFamily.InterNetwork ? 4L : 6L,
            "isLoopback" => IPAddress.IsLoopback(address),
            "isUnspecified" => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any),
            "isLinkLocalUnicast" => address.IsIPv6LinkLocal || (address.GetAddressBytes() is [169, 254, ..]),
            _ => null,
        },
        [IPNetwork network, string text] when name == "containsIP" => Address(text) is { } inner && network.Contains(inner),
        [IPNetwork network, IPAddress inner] when name == "containsIP" => network.Contains(inner),
        [IPNetwork network] => name switch
        {
            "prefixLength" => (long)network.PrefixLength,
            "ip" => network.BaseAddress,
            "masked" => network,
            _ => null,
        },
        _ => null,
    };

    private static object? OfQuantity(string name, ResourceQuantity left, object?[] values)
    {
        var right = values.Length > 1 ? values[1] switch
        {
            ResourceQuantity other => other,
            long whole => ResourceQuantity.OfUnits(whole),
            _ => throw CelOperators.NoOverload(),
        } : default;
        switch (name)
        {
            case "isGreaterThan": return left.CompareTo(right) > 0;
            case "isLessThan": return left.CompareTo(right) < 0;
            case "compareTo": return (long)left.CompareTo(right);
            case "add": return left with { Nano = left.Nano + right.Nano };
            case "sub": return left with { Nano = left.Nano - right.Nano };
            case "sign": return (long)left.Nano.Sign;
            case "isInteger": return left.Nano % NanoPerUnit == 0;
            case "asInteger": return left.Nano % NanoPerUnit == 0 ? (long)(left.Nano / NanoPerUnit) : throw new CelException("cannot convert value to integer");
            case "asApproximateFloat": return (double)left.Nano / 1e9;
            default: return null;
        }
    }

    private static object? OfUrl(string name, Uri url)
    {
        var absolute = url.IsAbsoluteUri;
        switch (name)
        {
            case "getScheme": return absolute ? url.Scheme : "";
            case "getHost": return absolute ? url.IsDefaultPort && !url.OriginalString.Contains(url.Host + ":", StringComparison.OrdinalIgnoreCase) ? url.Host : $"{url.Host}:{url.Port.ToString(CultureInfo.InvariantCulture)}" : "";
            case "getHostname": return absolute ? url.Host.Trim('[', ']') : "";
            case "getPort": return absolute && !(url.IsDefaultPort && !url.OriginalString.Contains(url.Host + ":", StringComparison.OrdinalIgnoreCase)) ? url.Port.ToString(CultureInfo.InvariantCulture) : "";
            case "getEscapedPath": return Path(url);
            case "getQuery":
                var query = new Dictionary<object, object?>();
                foreach (var pair in (absolute ? url.Query.TrimStart('?') : "").Split('&', StringSplitOptions.RemoveEmptyEntries))
                {
                    var parts = pair.Split('=', 2);
                    var key = Uri.UnescapeDataString(parts[0]);
                    query.TryAdd(key, new List<object?>());
                    ((List<object?>)query[key]!).Add(Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : ""));
                }

                return query;
            default: return null;
        }
    }

    /// <summary>A URL without a path has none, although the Uri class says "/".</summary>
    private static string Path(Uri url)
    {
        if (!url.IsAbsoluteUri)
        {
            return url.OriginalString.Split('?', '#')[0];
        }

        var rest = url.OriginalString[(url.OriginalString.IndexOf(':', StringComparison.Ordinal) + 1)..].TrimStart('/');
        return url.AbsolutePath == "/" && !rest.Split('?', '#')[0].Contains('/', StringComparison.Ordinal) ? "" : url.AbsolutePath;
    }

    private static Uri? Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var absolute) && text.Contains(':', StringComparison.Ordinal) && !text.StartsWith('/') ? absolute
        : text.StartsWith('/') && Uri.TryCreate(text, UriKind.Relative, out var relative) ? relative : null;

    private static IPAddress? Address(string text) =>
        IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3) && !text.StartsWith('[') ? address : null;
}
