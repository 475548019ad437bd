using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The string formats of structural schemas. Unknown formats accept everything, as in the real server.</summary>
internal static partial class FormatChecker
{
    public static bool Accepts(string format, string text) => format switch
    {
        "date-time" or "datetime" => IsDateTime(text),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => TryDuration(text, out _),
        "ipv4" => IPAddress.TryParse(text, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6,
        "cidr" => IPNetwork.TryParse(text, out _),
        "byte" => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        "uuid" or "uuid3" or "uuid4" or "uuid5" => Guid.TryParse(text, out _),
        "email" => text.Count(c => c == '@') == 1 && !text.StartsWith('@') && !text.EndsWith('@') && !text.Contains(' ', StringComparison.Ordinal),
        "hostname" => text.Length <= 253 && NameRules.Subdomain().IsMatch(text.ToLowerInvariant()),
        "uri" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) && (uri.IsAbsoluteUri || text.StartsWith('/')),
        "mac" => MacAddress().IsMatch(text),
        "k8s-short-name" => text.Length <= 63 && NameRules.Label().IsMatch(text),
        "k8s-long-name" => text.Length <= 253 && NameRules.Subdomain().IsMatch(text),
        _ => true,
    };

    public static bool IsDateTime(string text) => DateTimeShape().IsMatch(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    /// <summary>Go's durations: 1h30m, 300ms, -1.5h; 0 needs no unit.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text is "0")
        {
            return true;
        }

        var match = Duration().Match(text);
        if (!match.Success)
        {
            return false;
        }

        var seconds = 0.0;
        for (var i = 0; i < match.Groups["n"].Captures.Count; i++)
        {
            seconds += double.Parse(match.Groups["n"].Captures[i].ValueSpan, CultureInfo.InvariantCulture) * match.Groups["u"].Captures[i].Value switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "ns" => 1e-9,
                _ => 1e-6,
            };
        }

        if (seconds > TimeSpan.MaxValue.TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(text.StartsWith('-') ? -seconds : seconds);
        return true;
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DateTimeShape();

    [GeneratedRegex(@"^[+-]?((?<n>\d+(\.\d*)?|\.\d+)(?<u>ns|us|µs|ms|s|m|h))+$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Duration();

    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MacAddress();
}
