using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Authentication;

/// <summary>Issues and checks the bearer tokens of service accounts: JWTs under a key of this server.</summary>
internal sealed class ServiceAccountTokens(ObjectStore store, TimeProvider time) : IDisposable
{
    public const string Audience = "https://kubernetes.default.svc";
    private const string UserPrefix = "system:serviceaccount:";
    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Issue(string ns, string name, string uid, IReadOnlyList<string> audiences, DateTimeOffset expires, JsonObject? boundObject)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var kubernetes = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
        };
        if (boundObject?["kind"]?.ToString() is { } kind)
        {
            kubernetes[kind.ToLowerInvariant()] = new JsonObject { ["name"] = boundObject["name"]?.DeepClone(), ["uid"] = boundObject["uid"]?.DeepClone() };
        }

        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(a => (JsonNode)a)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now,
            ["iss"] = Audience,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = kubernetes,
            ["nbf"] = now,
            ["sub"] = $"{UserPrefix}{ns}:{name}",
        };
        var signed = $"{Encode("""{"alg":"ES256","typ":"JWT"}""")}.{Encode(claims.ToJsonString())}";
        return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <param name="audiences">Those of which the token must name one; this server's own when null.</param>
    /// <param name="error">Why the token is refused; empty for a token that is none of this server's.</param>
    /// <returns>The account's user, or null.</returns>
    public UserInfo? Verify(string token, IReadOnlyList<string>? audiences, out string error)
    {
        error = "";
        var parts = token.Split('.');
        if (parts.Length != 3)
        {
            return null;
        }

        JsonNode claims;
        try
        {
            if (!_key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256))
            {
                return null;
            }

            claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException or CryptographicException)
        {
            return null;
        }

        if (claims["exp"]!.GetValue<long>() <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            error = "service account token has expired";
            return null;
        }

        var named = claims["aud"]!.AsArray().Select(a => a!.ToString()).ToList();
        var wanted = audiences is { Count: > 0 } ? audiences : [Audience];
        if (!named.Intersect(wanted).Any())
        {
            error = $"token audiences [{Quoted(named)}] is invalid for the target audiences [{Quoted(wanted)}]";
            return null;
        }

        var ns = claims["kubernetes.io"]!["namespace"]!.ToString();
        var account = claims["kubernetes.io"]!["serviceaccount"]!;
        var uid = account["uid"]!.ToString();
        if (store.Get(ServiceAccounts, ns, account["name"]!.ToString())?.Value["metadata"]?["uid"]?.ToString() != uid)
        {
            error = "service account token has been invalidated";
            return null;
        }

        return new UserInfo(
            claims["sub"]!.ToString(), uid, ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"])
        { Extra = new Dictionary<string, string> { ["authentication.kubernetes.io/credential-id"] = $"JTI={claims["jti"]}" } };
    }

    public void Dispose() => _key.Dispose();

    private static string Quoted(IEnumerable<string> values) => string.Join(" ", values.Select(v => $"\"{v}\""));

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
