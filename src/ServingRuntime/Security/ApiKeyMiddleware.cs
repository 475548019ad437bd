using Octavo.ServingContract;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Security;

/// <summary>
/// Default-deny: where keys are configured every request needs one, whether or not its path exists. Open are only what kubelet and scraper call, who have none:
/// /health and /ready say a word, /metrics counts and names no tenant. OPTIONS is answered here for every path alike, so that it tells nothing.
/// </summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ServerKeys keys)
{
    private static readonly HashSet<string> Open = new(StringComparer.Ordinal) { ServingPaths.Health, ServingPaths.Ready, ServingPaths.Metrics };

    public Task InvokeAsync(HttpContext context)
    {
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            // No Access-Control header: pages of other origins stay out.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = "GET, POST, OPTIONS";
            return Task.CompletedTask;
        }

        if (!keys.Api.IsRequired || Open.Contains(context.Request.Path.Value ?? ""))
        {
            return next(context);
        }

        if (keys.Api.Find(context.Request.Headers.Authorization.ToString()) is not { } key)
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "a valid API key is needed: Authorization: Bearer <key>", code: "invalid_api_key");
        }

        RequestScope.Of(context).Tenant = key.Tenant;
        return next(context);
    }
}
