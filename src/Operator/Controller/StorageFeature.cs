using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Queue;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;
using Octavo.Operator.Storage;

namespace Octavo.Operator.Controller;

/// <summary>Where the model's files lie, and what is known of them.</summary>
internal sealed class StorageFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("", "persistentvolumeclaims", "get list watch create patch", "storage for fetched models; the garbage collector deletes"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton<ISubReconciler, ModelReconciler>()
        .AddSingleton<ISubReconciler, StorageReconciler>()
        .AddSingleton<FetchStates>()
        .AddSingleton(CreateProgressReader)
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<FetchWatch>(
            provider, (Action<NamespacedName>)provider.GetRequiredKeyedService<WorkQueue>(typeof(V1Alpha1InferenceService)).Add))
        .AddHostedService<FetchWatchBackgroundService>()
        .AddSingleton<IStatusPart, ModelStatusPart>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller.Owns<V1PersistentVolumeClaim>(made);

    private static FetchProgressReader CreateProgressReader(IServiceProvider provider)
    {
        // Pods are reached directly, and a fetch's container does not live long.
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10), ConnectTimeout = TimeSpan.FromSeconds(1) };
        return new FetchProgressReader(new HttpClient(handler), provider.GetRequiredService<TimeProvider>(), TimeSpan.FromSeconds(2));
    }
}
