using System.Net;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Metrics;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Http;
using Octavo.KubernetesClient.Models;
using Octavo.Metrics.Prometheus;
using Octavo.Operator.Controller;
using Octavo.Operator.Deletion;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Configuration;

/// <summary>The composition root.</summary>
internal static class OperatorApplication
{
    /// <exception cref="KubernetesConfigurationException">No cluster is configured, or its configuration cannot be used.</exception>
    public static WebApplication Build(OperatorOptions options)
    {
        var cluster = KubernetesClientConfiguration.Load(options.Kubeconfig) with { UserAgent = ServingObjectMeta.FieldManager };
        var builder = WebApplication.CreateSlimBuilder();
        AddLogging(builder.Logging, options);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(options.BindEndPoint));
        builder.Services.AddSingleton(cluster);
        AddOperator(builder.Services, options, cluster.Namespace);

        var application = builder.Build();
        application.MapGet("/healthz", (OperatorHealth health) => Answer(health.Live()));
        application.MapGet("/readyz", (OperatorHealth health, HttpRequest request) => Answer(health.Ready(verbose: request.Query.ContainsKey("verbose"))));
        application.MapPrometheusScrapingEndpoint();
        return application;
    }

    /// <summary>Everything but the listener and the configuration of the cluster, so that tests can bring a client of their own.</summary>
    public static void AddOperator(IServiceCollection services, OperatorOptions options, string ownNamespace)
    {
        var scope = NamespaceScope.Of(options.WatchNamespaces);
        var made = new InformerOptions { Namespaces = scope, LabelSelector = ServingObjectMeta.ManagedSelector };
        services.AddSingleton(options);
        services.AddSingleton<OperatorMetrics>();
        services.AddSingleton<OperatorHealth>();
        services.AddPrometheusMetrics(OperatorMetrics.MeterName, ControllerMetrics.MeterName, RestClientMetrics.MeterName);
        services.AddSingleton(new MeterCollectorOptions { MaxSeriesPerInstrument = OperatorMetrics.MaxSeries });
        var kubernetes = services.AddKubernetesOperator(runtime =>
        {
            runtime.Name = ServingObjectMeta.FieldManager;
            runtime.Namespaces = scope;
            runtime.KubeConfigPath = options.Kubeconfig;
            runtime.LeaderElection = new() { Enabled = options.LeaderElect, LeaseNamespace = options.LeaderElectionNamespace ?? ownNamespace };
        }).AddController<InferenceServiceController, V1Alpha1InferenceService>(controller =>
        {
            controller.WithWorkers(options.Workers);
            foreach (var feature in options.Features)
            {
                feature.Watch(controller, made);
            }
        }).AddFinalizer<OrderedDeletion, V1Alpha1InferenceService>();

        services.AddSingleton(CreateView);
        foreach (var feature in options.Features)
        {
            feature.AddServices(services);
            feature.AddControllers(kubernetes, new InformerOptions { Namespaces = scope }, options.Workers);
        }
    }

    private static void AddLogging(ILoggingBuilder logging, OperatorOptions options)
    {
        logging.ClearProviders().SetMinimumLevel(options.LogLevel);
        if (options.LogJson)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                console.IncludeScopes = true;
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        }

        var least = options.LogLevel > LogLevel.Warning ? options.LogLevel : LogLevel.Warning;
        logging.AddFilter("Microsoft", least).AddFilter("System", least);
    }

    private static IResult Answer((bool IsWell, string Text) health) =>
        Results.Text(health.Text, statusCode: (int)(health.IsWell ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable));

    private static ClusterView CreateView(IServiceProvider provider)
    {
        provider.GetRequiredService<SharedInformer<V1Pod>>().AddIndex(ClusterView.ServiceIndex, pod => ClusterView.ServiceOf(pod).Select(key => key.ToString()));
        provider.GetRequiredService<SharedInformer<V1ControllerRevision>>().AddIndex(ClusterView.ServiceIndex, record => ClusterView.ServiceOf(record).Select(key => key.ToString()));
        return ActivatorUtilities.CreateInstance<ClusterView>(provider);
    }
}
