using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Controller;
using Octavo.ControllerRuntime.Discovery;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime;

/// <summary>
/// Puts controllers, finalizers and informers into a host. Every kind has one informer and one cache, whoever asks: <c>SharedInformer&lt;T&gt;</c> and
/// <c>Lister&lt;T&gt;</c> can be injected for each kind that was named. Controllers and finalizers are singletons.
/// </summary>
public sealed class OperatorBuilder
{
    private readonly Dictionary<Type, InformerOptions?> informers = [];

    internal OperatorBuilder(IServiceCollection services, OperatorRuntimeOptions options) => (Services, Options) = (services, options);

    public IServiceCollection Services { get; }

    public OperatorRuntimeOptions Options { get; }

    /// <summary>Keeps a cache of a kind. Throws <see cref="InvalidOperationException"/> where the kind already has other options.</summary>
    public OperatorBuilder AddInformer<T>(InformerOptions? options = null) where T : class, IKubernetesObject
    {
        if (informers.TryGetValue(typeof(T), out var known))
        {
            if (options is not null && known is not null && known != options)
            {
                throw new InvalidOperationException($"the informer of {typeof(T).Name} was added with other options");
            }

            informers[typeof(T)] = known ?? options;
            return this;
        }

        informers[typeof(T)] = options;
        Services.AddSingleton(provider => Informer<T>(provider, isOptional: false));
        Services.AddSingleton<IInformer>(provider => provider.GetRequiredService<SharedInformer<T>>());
        Services.AddSingleton(provider => provider.GetRequiredService<SharedInformer<T>>().Lister);
        return this;
    }

    /// <summary>
    /// Keeps a cache of a kind that may be absent or not be shown: <c>OptionalInformer&lt;T&gt;</c> tells whether it is. <c>Lister&lt;T&gt;</c> is empty then.
    /// Throws <see cref="InvalidOperationException"/> where the kind has an informer already.
    /// </summary>
    public OperatorBuilder AddOptionalInformer<T>(InformerOptions? options = null) where T : class, IKubernetesObject
    {
        if (!informers.TryAdd(typeof(T), options))
        {
            throw new InvalidOperationException($"{typeof(T).Name} has an informer already");
        }

        AddApiCatalog();
        Services.AddSingleton(provider => Informer<T>(provider, isOptional: true));
        Services.AddSingleton<OptionalInformer<T>>();
        Services.AddSingleton<IInformer>(provider => provider.GetRequiredService<OptionalInformer<T>>());
        Services.AddSingleton(provider => provider.GetRequiredService<SharedInformer<T>>().Lister);
        return this;
    }

    /// <summary>Keeps an <see cref="ApiCatalog"/>, for what is written only where the server knows it.</summary>
    public OperatorBuilder AddApiCatalog()
    {
        if (Services.All(s => s.ServiceType != typeof(ApiCatalog)))
        {
            Services.AddSingleton<ApiCatalog>();
            Services.AddHostedService<ApiCatalogBackgroundService>();
        }

        return this;
    }

    /// <summary>Adds a controller of a kind, and the informer of that kind. One controller a kind.</summary>
    public OperatorBuilder AddController<TController, TEntity>(Action<ControllerBuilder<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject
    {
        if (Services.Any(s => s.ServiceType == typeof(IEntityController<TEntity>)))
        {
            throw new InvalidOperationException($"{typeof(TEntity).Name} has a controller already");
        }

        var builder = new ControllerBuilder<TEntity>(this);
        configure?.Invoke(builder);
        if (builder.Options.Validate() is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(configure));
        }

        AddInformer<TEntity>();
        Services.TryAddSingleton<TController>();
        Services.AddSingleton<IEntityController<TEntity>>(provider => provider.GetRequiredService<TController>());
        Services.AddSingleton<FinalizerManager<TEntity>>();
        Services.AddSingleton<EntityReconciler<TEntity>>();
        Services.AddKeyedSingleton(typeof(TEntity), (provider, _) => new WorkQueue(
            KubernetesEntityAttribute.Of<TEntity>().Kind.ToLowerInvariant(),
            provider.GetRequiredService<TimeProvider>(),
            new ItemExponentialFailureRateLimiter(builder.Options.BaseDelay, builder.Options.MaxDelay),
            provider.GetRequiredService<ControllerMetrics>()));
        Services.AddHostedService(provider =>
        {
            var queue = provider.GetRequiredKeyedService<WorkQueue>(typeof(TEntity));
            provider.GetRequiredService<SharedInformer<TEntity>>().AddEventHandler(EventHandlers.EnqueueSelf<TEntity>(queue));
            foreach (var connect in builder.Sources)
            {
                connect(provider, queue);
            }

            return ActivatorUtilities.CreateInstance<ControllerBackgroundService<TEntity>>(provider, queue, builder.Options);
        });
        return this;
    }

    /// <summary>Adds a finalizer to a kind; several run in the order in which they were added.</summary>
    public OperatorBuilder AddFinalizer<TFinalizer, TEntity>()
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject
    {
        Services.TryAddSingleton<TFinalizer>();
        Services.AddSingleton<IEntityFinalizer<TEntity>>(provider => provider.GetRequiredService<TFinalizer>());
        return this;
    }

    private SharedInformer<T> Informer<T>(IServiceProvider provider, bool isOptional) where T : class, IKubernetesObject => new(
        provider.GetRequiredService<IKubernetesClient>(),
        informers[typeof(T)] ?? new InformerOptions { Namespaces = KubernetesEntityAttribute.Of<T>().Namespaced ? Options.Namespaces : NamespaceScope.All },
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<SharedInformer<T>>>(),
        isOptional: isOptional,
        heartbeats: provider.GetRequiredService<Heartbeats>());
}
