using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.KubernetesClient;
using Octavo.Metrics.Prometheus;
using Octavo.Operator.Configuration;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>One operator as its executable composes it, with a client of its own, a clock of its own, and its writes taken down.</summary>
internal sealed class OperatorInstance : IAsyncDisposable
{
    private readonly IHost host;
    private readonly HttpKubernetesClient client;

    private OperatorInstance(string name, IHost host, HttpKubernetesClient client) => (Name, this.host, this.client) = (name, host, client);

    public string Name { get; }

    public bool IsLeader => host.Services.GetRequiredService<Leadership>().IsLeader;

    public IReadOnlyList<MetricFamily> Metrics => host.Services.GetRequiredService<MeterCollector>().Collect();

    /// <summary>Returns when its caches are filled.</summary>
    /// <param name="cluster">Its UserAgent becomes octavo-operator/<paramref name="name"/>.</param>
    public static async Task<OperatorInstance> StartAsync(
        string name, KubernetesClientConfiguration cluster, OperatorOptions options, TimeProvider time, WriteRecorder writes, ILoggerProvider log, CancellationToken cancellationToken)
    {
        var client = new HttpKubernetesClient(cluster with { UserAgent = $"octavo-operator/{name}" }, time);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(writes.Watch(name, client));
        OperatorApplication.AddOperator(builder.Services, options, cluster.Namespace);
        var instance = new OperatorInstance(name, builder.Build(), client);
        try
        {
            await instance.host.StartAsync(cancellationToken);
            while (!instance.host.Services.GetRequiredService<InformerSet>().HasSynced)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken);
            }

            return instance;
        }
        catch
        {
            await instance.DisposeAsync();
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await host.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        try
        {
            await host.StopAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The host is thrown away all the same.
        }

        host.Dispose();
        client.Dispose();
    }
}
