using Microsoft.Extensions.DependencyInjection;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.Metrics.Prometheus;
using Octavo.Operator.Metrics;

namespace Octavo.Operator.Tests.Metrics;

public sealed class OperatorMetricsTests
{
    private static readonly NamespacedName Service = new("team", "chat");

    [Fact]
    public async Task Gauges_OfWhoDoesNotLeadAnyMore_AreNotShown()
    {
        await using var provider = Provider(services => services.AddSingleton<Leadership>());
        var metrics = provider.GetRequiredService<OperatorMetrics>();
        metrics.Observe(Service, 2, 2);
        metrics.Diagnosed(Service, "RevisionFailed", isLoadUnknown: true);
        using var term = new CancellationTokenSource();
        Shown(provider).Should().BeEmpty("another leads");

        var leading = provider.GetRequiredService<Leadership>().LeadAsync(term.Token);
        Shown(provider).Should().BeEquivalentTo(
            "octavo_inference_service_desired_replicas", "octavo_inference_service_ready_replicas", "octavo_inference_service_stalled", "octavo_autoscaler_load_unknown");

        await term.CancelAsync();
        await leading;
        Shown(provider).Should().BeEmpty("what it knew is old");
    }

    [Fact]
    public void Diagnosed_ServiceIsWellAgainOrGone_SeriesEnd()
    {
        using var provider = Provider(_ => { });
        var metrics = provider.GetRequiredService<OperatorMetrics>();
        metrics.Diagnosed(Service, "RevisionFailed", isLoadUnknown: true);
        Shown(provider).Should().BeEquivalentTo("octavo_inference_service_stalled", "octavo_autoscaler_load_unknown");

        metrics.Diagnosed(Service, null, isLoadUnknown: false);
        Shown(provider).Should().BeEmpty();

        metrics.Diagnosed(Service, "RevisionFailed", isLoadUnknown: true);
        metrics.Forget(Service);
        Shown(provider).Should().BeEmpty();
    }

    private static ServiceProvider Provider(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddSingleton<OperatorMetrics>().AddPrometheusMetrics(OperatorMetrics.MeterName);
        add(services);
        return services.BuildServiceProvider();
    }

    /// <summary>Families with a series of the service.</summary>
    private static IEnumerable<string> Shown(IServiceProvider provider) =>
        provider.GetRequiredService<MeterCollector>().Collect().Where(f => f.Samples.Any(s => s.Labels.Any(l => l is { Key: "namespace", Value: "team" }))).Select(f => f.Name);
}
