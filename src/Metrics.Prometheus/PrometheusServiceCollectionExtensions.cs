using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Octavo.Metrics.Prometheus;

public static class PrometheusServiceCollectionExtensions
{
    /// <summary>
    /// Collects the instruments of the named meters and of the process. Meters should come from the container's <see cref="IMeterFactory"/>.
    /// May be called several times: the names add up.
    /// </summary>
    public static IServiceCollection AddPrometheusMetrics(this IServiceCollection services, params string[] meterNames)
    {
        services.AddMetrics();
        services.AddSingleton(new CollectedMeters(meterNames));
        services.TryAddSingleton<MeterCollectorOptions>();
        services.TryAddSingleton<ProcessMetrics>();
        services.TryAddSingleton(provider =>
        {
            provider.GetRequiredService<ProcessMetrics>();
            return new MeterCollector(
                provider.GetServices<CollectedMeters>().SelectMany(m => m.Names).Append(ProcessMetrics.MeterName),
                provider.GetRequiredService<MeterCollectorOptions>(),
                provider.GetService<ILogger<MeterCollector>>(),
                provider.GetRequiredService<IMeterFactory>());
        });
        return services;
    }

    private sealed record CollectedMeters(IReadOnlyList<string> Names);
}
