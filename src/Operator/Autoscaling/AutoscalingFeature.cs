using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Queue;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>The number of replicas from their load.</summary>
internal sealed class AutoscalingFeature : IOperatorFeature
{
    public void AddServices(IServiceCollection services) => services
        .AddSingleton<AutoscalerStates>()
        .AddSingleton(CreateScraper)
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<Autoscaler>(
            provider, (Action<NamespacedName>)provider.GetRequiredKeyedService<WorkQueue>(typeof(V1Alpha1InferenceService)).Add))
        .AddHostedService<AutoscalerBackgroundService>()
        .AddSingleton<ISubReconciler, ScalingReconciler>()
        .AddSingleton<IStatusPart, AutoscalingStatusPart>();

    private static ServingMetricsScraper CreateScraper(IServiceProvider provider)
    {
        // Pods are reached directly: a proxy of the environment is for the outside world. Connections go when their pod does.
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), ConnectTimeout = TimeSpan.FromSeconds(1) };
        return new ServingMetricsScraper(new HttpClient(handler), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<OperatorOptions>().ScrapeTimeout);
    }
}
