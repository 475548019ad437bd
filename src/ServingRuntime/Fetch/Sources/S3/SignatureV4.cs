using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <summary>AWS Signature Version 4 for requests without a body ("Signature Calculations for the Authorization Header", Amazon S3 API reference).</summary>
internal static class SignatureV4
{
    /// <summary>SHA-256 of nothing.</summary>
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Algorithm = "AWS4-HMAC-SHA256";

    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The Authorization header.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="path">As sent, escaped.</param>
    /// <param name="query">Names and values, not escaped, in any order.</param>
    /// <param name="headers">What is signed, host and x-amz-date at least; names in lower case.</param>
    /// <param name="payloadHash">Hex.</param>
    /// <param name="credentials">Whose signature.</param>
    /// <param name="region">Such as us-east-1.</param>
    /// <param name="service">Such as s3.</param>
    public static string Authorization(
        string method,
        string path,
        IReadOnlyList<(string Name, string Value)> query,
        IReadOnlyList<(string Name, string Value)> headers,
        string payloadHash,
        AwsCredentials credentials,
        string region,
        string service)
    {
        var timestamp = headers.First(h => h.Name == "x-amz-date").Value;
        var day = timestamp[..8];
        var sorted = headers.OrderBy(h => h.Name, StringComparer.Ordinal).ToList();
        var names = string.Join(';', sorted.Select(h => h.Name));
        var canonical = string.Join('\n', [method, path, Query(query), .. sorted.Select(h => $"{h.Name}:{h.Value.Trim()}"), "", names, payloadHash]);
        var scope = $"{day}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + credentials.SecretAccessKey);
        foreach (var part in (string[])[day, region, service, "aws4_request"])
        {
            key = Sign(key, part);
        }

        return $"{Algorithm} Credential={credentials.AccessKeyId}/{scope},SignedHeaders={names},Signature={Convert.ToHexStringLower(Sign(key, toSign))}";
    }

    /// <summary>The query as it is sent and signed: escaped, sorted by name.</summary>
    public static string Query(IReadOnlyList<(string Name, string Value)> query) =>
        string.Join('&', query.Select(q => (Name: Escape(q.Name), Value: Escape(q.Value))).OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Value, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}"));

    /// <summary>A path as it is sent and signed: every byte but unreserved characters and slashes.</summary>
    public static string Path(string path) => string.Join('/', path.Split('/').Select(Escape));

    /// <summary>Escapes all but RFC 3986's unreserved characters, which is what AWS asks for and what EscapeDataString does.</summary>
    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static byte[] Sign(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
