using Octavo.ServingContract;
using Octavo.ServingRuntime.Admin;

namespace Octavo.ServingRuntime.Observability;

/// <summary>Counts and times every request of the API's listener; the outermost middleware.</summary>
internal sealed class HttpMetricsMiddleware(RequestDelegate next, HttpMetrics metrics, TimeProvider timeProvider)
{
    /// <summary>What matched no route, or was turned away before routing: one series, however many paths are tried.</summary>
    private const string NoRoute = "none";

    /// <summary>vLLM's status for a client that left.</summary>
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<AdminConnection>() is not null)
        {
            await next(context);
            return;
        }

        var start = timeProvider.GetTimestamp();
        var counts = context.Request.Path.Value is not (ServingPaths.Health or ServingPaths.Ready or ServingPaths.Metrics or ServingPaths.Load);
        if (counts)
        {
            metrics.Enter();
        }

        try
        {
            await next(context);
        }
        finally
        {
            if (counts)
            {
                metrics.Leave();
            }

            var handler = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? NoRoute;
            var status = context.RequestAborted.IsCancellationRequested ? ClientClosedRequest : context.Response.StatusCode;
            metrics.Record(handler, context.Request.Method, status, timeProvider.GetElapsedTime(start));
        }
    }
}
