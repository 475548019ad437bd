using System.Security.Cryptography;
using System.Text;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// Where keys are configured, every path needs one but those that kubelet and scraper call, who have none. Digests are compared in constant time, over all keys.
/// </summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ServingOptions options)
{
    private static readonly HashSet<string> Open = new(StringComparer.OrdinalIgnoreCase) { ServingPaths.Health, ServingPaths.Ready, ServingPaths.Metrics };

    private readonly byte[][] digests = [.. options.ApiKeys.Select(Digest)];

    public Task InvokeAsync(HttpContext context)
    {
        if (digests.Length > 0 && !Open.Contains(context.Request.Path.Value ?? "") && !IsKnown(context.Request.Headers.Authorization.ToString()))
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "a valid API key is needed: Authorization: Bearer <key>", code: "invalid_api_key");
        }

        return next(context);
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private bool IsKnown(string authorization)
    {
        const string scheme = "Bearer ";
        if (!authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var given = Digest(authorization[scheme.Length..].Trim());
        var known = false;
        foreach (var digest in digests)
        {
            known |= CryptographicOperations.FixedTimeEquals(digest, given);
        }

        return known;
    }
}
