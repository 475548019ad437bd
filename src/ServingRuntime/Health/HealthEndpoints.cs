using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.ServingRuntime.Kernels.Cuda.Products;
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
    private async Task HandleHealthAsync(HttpContext context)
    {
        var healthy = host.Failure is null && (host.Loaded is not { } model || await model.Llm.CheckHealthAsync(context.RequestAborted));
        await (healthy ? WriteAsync(context, StatusCodes.Status200OK, "ok") : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, Fault()));
    }

    /// <summary>What a device or its driver said is for whoever operates it; what else went wrong inside stays there.</summary>
    private string Fault() => (host.Failure ?? host.Loaded?.Llm.Failure) is { } failure && (failure as EngineStartException)?.InnerException is var inner && (inner ?? failure) is CudaException or CublasException
        ? $"the device has failed: {(inner ?? failure).Message}"
        : "the engine has failed or does not move";

    private Task HandleReadyAsync(HttpContext context)
        => host.IsReady
            ? WriteAsync(context, StatusCodes.Status200OK, "ready")
            : WriteAsync(context, StatusCodes.Status503ServiceUnavailable, host.Loaded switch
            {
                null => "the model is loading",
                { Llm.IsDraining: true } => "shutting down",
                _ => Fault(),
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
