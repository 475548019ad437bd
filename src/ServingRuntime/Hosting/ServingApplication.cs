using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Octavo.Metrics.Prometheus;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Admin;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Embeddings;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Health;
using Octavo.ServingRuntime.Limits;
using Octavo.ServingRuntime.Observability;
using Octavo.ServingRuntime.OpenAI;
using Octavo.ServingRuntime.OpenAI.Responses;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>Puts the server together.</summary>
internal static class ServingApplication
{
    public static WebApplication Build(ServingOptions options, EngineOptions engineOptions, EngineCoreSource createCore, TimeProvider timeProvider)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
            server.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            Listen(server, options.Host, options.Port);

            if (options.AdminPort is { } adminPort)
            {
                server.Listen(IPAddress.Parse(options.AdminHost), adminPort, listener => listener.Use(next => connection =>
                {
                    connection.Features.Set(new AdminConnection());
                    return next(connection);
                }));
            }

            if (options.ProbePort is { } probePort)
            {
                Listen(server, options.ProbeHost, probePort, listener => listener.Use(next => connection =>
                {
                    connection.Features.Set(new ProbeConnection());
                    return next(connection);
                }));
            }
        });
        AddConsole(builder.Logging, options.LogFormat);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(engineOptions);
        builder.Services.AddSingleton(createCore);
        builder.Services.AddSingleton(timeProvider);
        builder.Services.AddSingleton(new ServerKeys(new ApiKeyRing(options.ApiKeys, options.ApiKeyFile), new ApiKeyRing([], options.AdminApiKeyFile)));
        builder.Services.AddSingleton(new TenantSalt(options.SharePrefixCache));
        builder.Services.AddHostedService<ApiKeyFileWatcher>();
        builder.Services.AddSingleton<ModelHost>();
        builder.Services.AddSingleton<RequestMapper>();
        builder.Services.AddSingleton<ChatCompletionsEndpoint>();
        builder.Services.AddSingleton<CompletionsEndpoint>();
        builder.Services.AddSingleton<EmbeddingsEndpoint>();
        builder.Services.AddSingleton<ResponsesEndpoint>();
        builder.Services.AddSingleton<ModelsEndpoint>();
        builder.Services.AddSingleton<TokenizeEndpoint>();
        builder.Services.AddSingleton<HealthEndpoints>();
        builder.Services.AddSingleton<WarmUp>();
        builder.Services.AddSingleton<HttpMetrics>();
        builder.Services.AddSingleton<AdminEndpoints>();
        builder.Services.AddHostedService<StatsLogger>();
        builder.Services.AddHostedService<TraceExport>();
        builder.Services.AddSingleton<GracefulShutdown>();
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime>(services => services.GetRequiredService<GracefulShutdown>()));
        builder.Services.AddHostedService<ModelLoaderService>();
        builder.Services.AddPrometheusMetrics(EngineMetrics.MeterName, HttpMetrics.MeterName);

        var app = builder.Build();
        var admin = app.Services.GetRequiredService<AdminEndpoints>();
        app.UseMiddleware<HttpMetricsMiddleware>();
        app.UseMiddleware<ErrorMiddleware>();
        app.Use(next => context => context.Features.Get<AdminConnection>() is null ? next(context) : admin.HandleAsync(context));
        app.Use(next => context => context.Features.Get<ProbeConnection>() is null || ProbeConnection.Answers(context.Request) ? next(context) : throw ProbeConnection.Refusal(context.Request));
        app.UseMiddleware<ApiKeyMiddleware>();
        app.UseMiddleware<LimitsMiddleware>();
        app.UseRouting();
        app.MapPost(ServingPaths.ChatCompletions, app.Services.GetRequiredService<ChatCompletionsEndpoint>().HandleAsync);
        app.MapPost(ServingPaths.Completions, app.Services.GetRequiredService<CompletionsEndpoint>().HandleAsync);
        app.Services.GetRequiredService<EmbeddingsEndpoint>().Map(app);
        app.Services.GetRequiredService<ResponsesEndpoint>().Map(app);
        app.Services.GetRequiredService<ModelsEndpoint>().Map(app);
        app.Services.GetRequiredService<TokenizeEndpoint>().Map(app);
        app.Services.GetRequiredService<HealthEndpoints>().Map(app);
        app.MapGet(ServingPaths.Load, admin.HandleLoadAsync);
        app.MapPrometheusScrapingEndpoint(ServingPaths.Metrics);
        return app;
    }

    private static void Listen(KestrelServerOptions server, string host, int port, Action<ListenOptions>? configure = null)
    {
        configure ??= static _ => { };
        if (host == "localhost")
        {
            server.ListenLocalhost(port, configure);
        }
        else if (BindAddress.IsAny(host))
        {
            // By IPv4 and IPv6, whichever the host has.
            server.ListenAnyIP(port, configure);
        }
        else
        {
            server.Listen(IPAddress.Parse(host), port, configure);
        }
    }

    private static void AddConsole(ILoggingBuilder logging, string format)
    {
        const string timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        if (format == "json")
        {
            logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = timestamp;
                console.UseUtcTimestamp = true;
            });
            return;
        }

        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = timestamp + " ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    }
}
