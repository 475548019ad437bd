using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Events;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Metrics;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Http;

namespace Octavo.ControllerRuntime;

/// <summary>The entrance: <c>services.AddKubernetesOperator(o => …).AddController&lt;C, E&gt;(c => c.Owns&lt;V1Deployment&gt;())</c>.</summary>
public static class OperatorServiceCollectionExtensions
{
    /// <summary>Key of the client without its <see cref="LeaseGuard"/>: the lease itself is written by who does not hold it.</summary>
    internal const string Unguarded = "unguarded";

    /// <summary>
    /// Adds informers, leader election, metrics, events and, where none is registered, a client for the cluster that the environment names. Throws
    /// <see cref="ArgumentException"/> with all errors of the options.
    /// </summary>
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services, Action<OperatorRuntimeOptions>? configure = null)
    {
        var options = new OperatorRuntimeOptions();
        configure?.Invoke(options);
        if (options.LeaderElection.LeaseName.Length == 0)
        {
            options.LeaderElection = options.LeaderElection with { LeaseName = options.Name };
        }

        if (options.LeaderElection.Validate() is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(configure));
        }

        services.AddSingleton(options);
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => KubernetesClientConfiguration.Load(options.KubeConfigPath));
        services.TryAddSingleton<IKubernetesClient>(provider => new HttpKubernetesClient(
            provider.GetRequiredService<KubernetesClientConfiguration>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HttpKubernetesClient>>(),
            new RestClientMetrics(provider.GetRequiredService<IMeterFactory>().Create(RestClientMetrics.MeterName))));
        services.TryAddSingleton(provider => new ControllerMetrics(provider.GetRequiredService<IMeterFactory>()));
        services.TryAddSingleton(provider => new EventPublisher(
            provider.GetRequiredService<IKubernetesClient>(),
            options.Name,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventPublisher>>()));
        services.TryAddSingleton<Heartbeats>();
        services.TryAddSingleton<Leadership>();
        services.AddSingleton(provider => CreateGate(provider, options.LeaderElection));
        Guard(services);
        services.TryAddSingleton<InformerSet>();
        services.AddHostedService<InformerBackgroundService>();
        services.AddHostedService(provider => new LeaderElectionBackgroundService(
            options.LeaderElection.Enabled ? Elector(provider, options.LeaderElection) : null,
            options.LeaderElection.LeaseName,
            provider.GetRequiredService<Leadership>(),
            provider.GetRequiredService<ControllerMetrics>(),
            provider.GetRequiredService<ILogger<LeaderElectionBackgroundService>>()));
        return new OperatorBuilder(services, options);
    }

    private static LeaderElector Elector(IServiceProvider provider, LeaderElectionOptions options) => new(
        new LeaseLock(provider.GetRequiredKeyedService<IKubernetesClient>(Unguarded), options.LeaseNamespace, options.LeaseName),
        options,
        provider.GetRequiredService<TimeProvider>(),
        new Random(RandomNumberGenerator.GetInt32(int.MaxValue)),
        provider.GetRequiredService<ILogger<LeaderElector>>(),
        provider.GetRequiredService<WriteGate>(),
        provider.GetRequiredService<Heartbeats>(),
        provider.GetRequiredService<ControllerMetrics>());

    private static WriteGate CreateGate(IServiceProvider provider, LeaderElectionOptions options)
    {
        var gate = new WriteGate(provider.GetRequiredService<TimeProvider>());
        if (!options.Enabled)
        {
            gate.OpenAlways();
        }

        return gate;
    }

    /// <summary>Puts the guard before the client, whoever registered it: what asks for a client gets one that writes only while this process leads.</summary>
    private static void Guard(IServiceCollection services)
    {
        var direct = services.Last(s => s.ServiceType == typeof(IKubernetesClient) && !s.IsKeyedService);
        services.Remove(direct);
        services.AddKeyedSingleton(Unguarded, (provider, _) => (IKubernetesClient)(direct.ImplementationInstance
            ?? direct.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, direct.ImplementationType!)));
        services.AddSingleton<IKubernetesClient>(provider => new LeaseGuard(provider.GetRequiredKeyedService<IKubernetesClient>(Unguarded), provider.GetRequiredService<WriteGate>()));
    }
}
