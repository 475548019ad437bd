using System.Net;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Forwarding;
using Octavo.Gateway.Health;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.OpenAI;
using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;
using Octavo.Gateway.Security;
using Octavo.Gateway.Waiting;
using Octavo.Metrics.Prometheus;
using Octavo.ServingContract;

namespace Octavo.Gateway;

/// <summary>Composition root: everything but where the directory comes from, which the caller adds.</summary>
internal static class GatewayHost
{
    public static WebApplication Build(GatewayOptions options, TimeProvider time, Random random, Action<IServiceCollection> addDirectorySource, Action<ILoggingBuilder>? configureLogging = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        (configureLogging ?? GatewayLogging.Configure)(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The proxy has its own limit and answers with OpenAI's envelope.
            kestrel.Limits.MaxRequestBodySize = null;
            if (options.Host == "localhost" && options.Port != 0)
            {
                kestrel.ListenLocalhost(options.Port);
            }
            else
            {
                kestrel.Listen(options.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(options.Host), options.Port);
            }
        });

        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddPrometheusMetrics(GatewayMetrics.MeterName);
        services.AddSingleton(time);
        services.AddSingleton(options);
        services.AddSingleton(options.Forwarding);
        services.AddSingleton<ModelDirectoryStore>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton(new EndpointTracker(time, random, options.Forwarding.EjectionTime));
        services.AddSingleton(new BodyBudget(options.Forwarding.MaxBufferedBytes));
        services.AddSingleton<ColdStartEstimator>();
        services.AddSingleton(provider =>
        {
            var directory = provider.GetRequiredService<ModelDirectoryStore>();
            var tracker = provider.GetRequiredService<EndpointTracker>();
            return new WaitingRoom(options.WaitingRoom, time,
                key => directory.Current.FindByKey(key) is { } route ? tracker.CountAvailable(route.Endpoints) : null,
                provider.GetRequiredService<GatewayMetrics>());
        });
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<ResponseRelay>();
        services.AddSingleton<RequestForwarder>();
        services.AddSingleton<InferenceProxy>();
        services.AddHostedService<DirectoryObserver>();
        addDirectorySource(services);

        var app = builder.Build();
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<WaitingRoom>().Close);
        app.UseMiddleware<ApiKeyMiddleware>();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint();
        MapModels(app, app.Services.GetRequiredService<ModelDirectoryStore>());
        app.MapPost("/v1/{**path}", app.Services.GetRequiredService<InferenceProxy>().HandleAsync);
        app.MapFallback("{**path}", context => OpenAIError.UnknownPath(context.Request.Method, context.Request.Path).WriteAsync(context.Response, context.RequestAborted));
        return app;
    }

    private static void MapModels(WebApplication app, ModelDirectoryStore directory)
    {
        app.MapGet(ServingPaths.Models, context => directory.Synced
            ? context.Response.WriteAsJsonAsync(ModelsEndpoint.List(directory.Current), context.RequestAborted)
            : OpenAIError.Starting().WriteAsync(context.Response, context.RequestAborted));
        app.MapGet(ServingPaths.Models + "/{**name}", (HttpContext context, string name) =>
            !directory.Synced ? OpenAIError.Starting().WriteAsync(context.Response, context.RequestAborted)
            : ModelsEndpoint.Get(directory.Current, name) is { } card ? context.Response.WriteAsJsonAsync(card, context.RequestAborted)
            : OpenAIError.ModelNotFound(name).WriteAsync(context.Response, context.RequestAborted));
    }
}
