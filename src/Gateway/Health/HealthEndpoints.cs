using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Health;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: models are known and no shutdown has begun.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        var directory = endpoints.ServiceProvider.GetRequiredService<ModelDirectoryStore>();
        var stopping = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        endpoints.MapGet("/healthz", () => Results.Text("ok"));
        endpoints.MapGet("/readyz", () =>
            stopping.IsCancellationRequested ? NotReady("shutting down")
            : !directory.Synced ? NotReady("models not read yet")
            : Results.Text("ok"));
    }

    private static IResult NotReady(string reason) => Results.Text(reason, statusCode: StatusCodes.Status503ServiceUnavailable);
}
