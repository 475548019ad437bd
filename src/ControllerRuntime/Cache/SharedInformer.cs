using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Health;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>
/// Keeps a cache of one kind by list and watch, and tells handlers. Where it covers some namespaces only, each has a list and watch of its own, and the
/// cache has synced when all have. See <see cref="Reflector{T}"/> for what happens when a stream breaks.
/// </summary>
public sealed class SharedInformer<T> : IInformer where T : class, IKubernetesObject
{
    private readonly InformerStore<T> store;
    private readonly IReadOnlyList<Reflector<T>> reflectors;
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Throws <see cref="ArgumentException"/> for some namespaces of a kind that is in none.</summary>
    /// <param name="isOptional">See <see cref="InformerOptions.RefusalPause"/>.</param>
    public SharedInformer(IKubernetesClient client, InformerOptions options, TimeProvider timeProvider, ILogger logger, Random? random = null, bool isOptional = false, Heartbeats? heartbeats = null)
    {
        if (!KubernetesEntityAttribute.Of<T>().Namespaced && !options.Namespaces.IsAll)
        {
            throw new ArgumentException($"{Name} are in no namespace, and some were named ({options.Namespaces})", nameof(options));
        }

        var source = random ?? new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        store = new InformerStore<T>(Name, logger);
        Lister = new Lister<T>(store.Indexer);
        reflectors =
        [
            .. options.Namespaces.Paths.Select(path =>
                new Reflector<T>(client, path, options, isOptional, store, timeProvider, new Random(source.Next()), logger, heartbeats, OnReflectorChanged)),
        ];
    }

    public string Name => KubernetesEntityAttribute.Of<T>().PluralName;

    public Lister<T> Lister { get; }

    public bool HasSynced => reflectors.All(r => r.HasSynced);

    /// <summary>Why the cache, or a part of it, is not kept at the moment; null while all is well.</summary>
    public CacheTrouble? Trouble => reflectors.Select(r => r.Trouble).FirstOrDefault(t => t is not null);

    public string? Complaint => Trouble?.Reason ?? (HasSynced ? null : $"{Name} are being listed");

    /// <summary>The version up to which the cache is complete; null before the first list, and where several namespaces have a version each.</summary>
    public string? LastSyncResourceVersion => reflectors is [var single] ? single.ResourceVersion : null;

    /// <summary>Told, on the informer's own loop, when <see cref="HasSynced"/> or <see cref="Trouble"/> may have changed.</summary>
    internal Action? Changed { get; set; }

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => synced.Task.WaitAsync(cancellationToken);

    /// <summary>Makes <see cref="Lister{T}.ByIndex"/> answer for <paramref name="name"/>.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> keys) => store.Indexer.AddIndex(name, keys);

    /// <summary>At any time: a handler that comes late is first told of everything there is.</summary>
    public void AddEventHandler(IResourceEventHandler<T> handler) => store.AddHandler(handler);

    public void AddEventHandler(Action<T>? onAdd = null, Action<T, T>? onUpdate = null, Action<T>? onDelete = null) =>
        AddEventHandler(new DelegateEventHandler<T>(onAdd, onUpdate, onDelete));

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(reflectors.Select(r => r.RunAsync(cancellationToken)));

    /// <summary>Only while it does not run: the kind is gone, so its objects are deleted, and the next run begins anew.</summary>
    internal void Forget()
    {
        foreach (var reflector in reflectors)
        {
            reflector.Forget();
        }

        store.Replace([], null);
    }

    private void OnReflectorChanged()
    {
        if (HasSynced)
        {
            synced.TrySetResult();
        }

        Changed?.Invoke();
    }
}
