using Microsoft.Extensions.DependencyInjection;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Controller;
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

    /// <summary>Anything else that wakes the controller gets the queue before the host starts.</summary>
    public ControllerBuilder<TEntity> WokenBy(Action<IServiceProvider, WorkQueue> connect)
    {
        Sources.Add(connect);
        return this;
    }

    private ControllerBuilder<TEntity> Connect<T>(InformerOptions? options, Func<WorkQueue, IResourceEventHandler<T>> handler) where T : class, IKubernetesObject
    {
        owner.AddInformer<T>(options);
        return WokenBy((provider, queue) => provider.GetRequiredService<SharedInformer<T>>().AddEventHandler(handler(queue)));
    }
}
