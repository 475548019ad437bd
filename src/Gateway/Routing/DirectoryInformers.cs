using System.Threading.Channels;
using Octavo.ControllerRuntime.Cache;
using Octavo.Gateway.Configuration;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Gateway.Routing;

/// <summary>
/// Watches Services and EndpointSlices and rebuilds the directory when one changes. While the API server is away the informers keep what they
/// had, so the last known endpoints stay in use; endpoints that are gone meanwhile show by refusing connections.
/// </summary>
internal sealed partial class DirectoryInformers : BackgroundService
{
    private readonly SharedInformer<V1Service> services;
    private readonly SharedInformer<V1EndpointSlice> slices;
    private readonly ModelDirectoryStore store;
    private readonly ILogger<DirectoryInformers> logger;

    // One pending change is enough: the rebuild reads everything.
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public DirectoryInformers(IKubernetesClient client, GatewayOptions options, ModelDirectoryStore store, TimeProvider time, ILogger<DirectoryInformers> logger)
    {
        this.store = store;
        this.logger = logger;
        services = new SharedInformer<V1Service>(client, new InformerOptions { Namespaces = NamespaceScope.Of(options.Namespaces), LabelSelector = ServingLabels.InferenceService }, time, logger);
        // All slices of Services, not only those that carry our label too: copying a Service's labels is a courtesy of the slices' controller.
        slices = new SharedInformer<V1EndpointSlice>(client, new InformerOptions { Namespaces = NamespaceScope.Of(options.Namespaces), LabelSelector = ModelDirectoryBuilder.ServiceNameLabel }, time, logger);
        services.AddEventHandler(_ => Changed(), (_, _) => Changed(), _ => Changed());
        slices.AddEventHandler(_ => Changed(), (_, _) => Changed(), _ => Changed());
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(services.RunAsync(stoppingToken), slices.RunAsync(stoppingToken), RebuildAsync(stoppingToken));

    private void Changed() => changes.Writer.TryWrite(true);

    private async Task RebuildAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Half a directory would answer 404 for models that exist.
            await services.WaitForSyncAsync(cancellationToken);
            await slices.WaitForSyncAsync(cancellationToken);
            do
            {
                var directory = ModelDirectoryBuilder.Build(services.Lister.List(), slices.Lister.List());
                store.Replace(directory);
                LogRebuilt(directory.Routes.Count, directory.Routes.Sum(r => r.Endpoints.Count));
                await changes.Reader.ReadAsync(cancellationToken);
            }
            while (true);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }

    [LoggerMessage(EventId = 31, Level = LogLevel.Debug, Message = "Directory: {Models} models with {Endpoints} ready endpoints")]
    private partial void LogRebuilt(int models, int endpoints);
}
