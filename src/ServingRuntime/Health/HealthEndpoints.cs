using Octavo.ServingContract;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Health;

/// <summary>/health for liveness, /ready for readiness, /version.</summary>
internal sealed class HealthEndpoints(ModelHost host)
{
    private static readonly string Version = typeof(HealthEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ServingPaths.Health, HandleHealthAsync);
        routes.MapGet(ServingPaths.Ready, HandleReadyAsync);
        routes.MapGet(ServingPaths.Version, HandleVersionAsync);
    }

    /// <summary>200 while loading and while the engine moves; 503 when it has failed or is stuck, so that the process is replaced.</summary>
    private Task HandleHealthAsync(HttpContext context)
        => host.Failure is null && host.Loaded is null or { Llm.IsHealthy: true }
            ? WriteAsync(context, StatusCodes.Status200OK, "ok")
            : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the engine has failed or does not move");

    private Task HandleReadyAsync(HttpContext context)
        => host.IsReady
            ? WriteAsync(context, StatusCodes.Status200OK, "ready")
            : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, host.Loaded switch
            {
                null => "the model is loading",
                { Llm.IsDraining: true } => "shutting down",
                _ => "the engine has failed or does not move",
            });

    private static Task HandleVersionAsync(HttpContext context)
        => context.Response.WriteJsonAsync(new VersionResponse(Version), OpenAIJson.Context.VersionResponse);

    private static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
