using Microsoft.Extensions.DependencyInjection;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Controller;
using Octavo.ControllerRuntime.Discovery;
using Octavo.ControllerRuntime.Queue;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime;

/// <summary>What wakes a controller besides its own kind, and how it works.</summary>
public sealed class ControllerBuilder<TEntity> where TEntity : class, IKubernetesObject
{
    private readonly OperatorBuilder owner;

    internal ControllerBuilder(OperatorBuilder owner) => this.owner = owner;

    internal List<Action<IServiceProvider, WorkQueue>> Sources { get; } = [];

    internal ControllerOptions Options { get; private set; } = new();

    public ControllerBuilder<TEntity> WithOptions(ControllerOptions options)
    {
        Options = options;
        return this;
    }

    public ControllerBuilder<TEntity> WithWorkers(int workers) => WithOptions(Options with { Workers = workers });

    /// <summary>A change of an object wakes the <typeparamref name="TEntity"/> that its ownerReferences name. Adds the informer.</summary>
    public ControllerBuilder<TEntity> Owns<TOwned>(InformerOptions? options = null) where TOwned : class, IKubernetesObject =>
        Connect<TOwned>(options, EventHandlers.EnqueueOwner<TOwned, TEntity>);

    /// <summary>A change of an object wakes what <paramref name="map"/> says. Adds the informer.</summary>
    public ControllerBuilder<TEntity> Watches<T>(Func<T, IEnumerable<NamespacedName>> map, InformerOptions? options = null) where T : class, IKubernetesObject =>
        Connect<T>(options, queue => EventHandlers.EnqueueMapped(queue, map));

    /// <summary>
    /// As <see cref="Watches{T}"/>, of a kind that may be absent or not be shown; when that changes, every <typeparamref name="TEntity"/> is woken. Adds the
    /// informer; throws where the kind has one.
    /// </summary>
    public ControllerBuilder<TEntity> WatchesOptional<T>(Func<T, IEnumerable<NamespacedName>> map, InformerOptions? options = null) where T : class, IKubernetesObject
    {
        owner.AddOptionalInformer<T>(options);
        return WokenBy((provider, queue) =>
        {
            var optional = provider.GetRequiredService<OptionalInformer<T>>();
            optional.Informer.AddEventHandler(EventHandlers.EnqueueMapped(queue, map));
            optional.AvailabilityChanged += () => EnqueueAll(provider, queue);
        });
    }

    /// <summary>As <see cref="Owns{TOwned}"/>, of a kind that may be absent or not be shown; when that changes, every <typeparamref name="TEntity"/> is woken.</summary>
    public ControllerBuilder<TEntity> OwnsOptional<TOwned>(InformerOptions? options = null) where TOwned : class, IKubernetesObject =>
        WatchesOptional<TOwned>(EventHandlers.OwnersOf<TEntity>, options);

    /// <summary>When kinds appear or vanish, every <typeparamref name="TEntity"/> is woken. Adds the catalog.</summary>
    public ControllerBuilder<TEntity> WokenByCatalog()
    {
        owner.AddApiCatalog();
        return WokenBy((provider, queue) => provider.GetRequiredService<ApiCatalog>().Changed += () => EnqueueAll(provider, queue));
    }

    /// <summary>Anything else that wakes the controller gets the queue before the host starts.</summary>
    public ControllerBuilder<TEntity> WokenBy(Action<IServiceProvider, WorkQueue> connect)
    {
        Sources.Add(connect);
        return this;
    }

    private static void EnqueueAll(IServiceProvider provider, WorkQueue queue)
    {
        foreach (var entity in provider.GetRequiredService<Lister<TEntity>>().List())
        {
            queue.Add(NamespacedName.Of(entity));
        }
    }

    private ControllerBuilder<TEntity> Connect<T>(InformerOptions? options, Func<WorkQueue, IResourceEventHandler<T>> handler) where T : class, IKubernetesObject
    {
        owner.AddInformer<T>(options);
        return WokenBy((provider, queue) => provider.GetRequiredService<SharedInformer<T>>().AddEventHandler(handler(queue)));
    }
}
