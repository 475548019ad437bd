using System.Security.Cryptography;
using System.Text;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.OpenAI;

namespace Octavo.Gateway.Security;

/// <summary>Asks for a bearer token on <c>/v1</c> where keys are configured. Digests are compared, in constant time and with every key.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, GatewayOptions options)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] digests = [.. options.ApiKeys.Select(k => SHA256.HashData(Encoding.UTF8.GetBytes(k)))];

    public Task InvokeAsync(HttpContext context)
    {
        if (digests.Length == 0 || !context.Request.Path.StartsWithSegments("/v1") || IsKnown(context.Request.Headers.Authorization.ToString()))
        {
            return next(context);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return OpenAIError.Unauthorized().WriteAsync(context.Response, context.RequestAborted);
    }

    private bool IsKnown(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        var known = false;
        foreach (var candidate in digests)
        {
            known |= CryptographicOperations.FixedTimeEquals(candidate, digest);
        }

        return known;
    }
}
