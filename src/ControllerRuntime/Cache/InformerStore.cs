using Microsoft.Extensions.Logging;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>The indexer and the handlers under one lock, so that every handler sees every change exactly once and in the same order.</summary>
internal sealed class InformerStore<T>(string name, ILogger logger) where T : class, IKubernetesObject
{
    private readonly Lock gate = new();
    private readonly List<IResourceEventHandler<T>> handlers = [];

    public Indexer<T> Indexer { get; } = new();

    public void AddHandler(IResourceEventHandler<T> handler)
    {
        lock (gate)
        {
            handlers.Add(handler);
            foreach (var item in Indexer.List())
            {
                Tell(handler, h => h.OnAdd(item));
            }
        }
    }

    /// <summary>
    /// After a list of a namespace (null: of everything): what is not in it was deleted unseen; what has the same version has not changed.
    /// </summary>
    public void Replace(IReadOnlyList<T> items, string? namespaceName)
    {
        lock (gate)
        {
            var present = items.Select(i => NamespacedName.Of(i)).ToHashSet();
            foreach (var old in namespaceName is null ? Indexer.List() : Indexer.ByIndex(Indexer<T>.NamespaceIndex, namespaceName))
            {
                var key = NamespacedName.Of(old);
                if (!present.Contains(key))
                {
                    Indexer.Remove(key);
                    TellAll(h => h.OnDelete(old));
                }
            }

            foreach (var item in items)
            {
                Set(item);
            }
        }
    }

    public void Apply(WatchEvent<T> change)
    {
        lock (gate)
        {
            switch (change.Type)
            {
                case WatchEventType.Added or WatchEventType.Modified:
                    Set(change.Object);
                    break;
                case WatchEventType.Deleted:
                    if (Indexer.Remove(NamespacedName.Of(change.Object)) is not null)
                    {
                        TellAll(h => h.OnDelete(change.Object));
                    }

                    break;
                case WatchEventType.Bookmark:
                    break;
            }
        }
    }

    private void Set(T item)
    {
        var key = NamespacedName.Of(item);
        var old = Indexer.Get(key);
        if (old is not null && old.Metadata.Uid != item.Metadata.Uid)
        {
            // Deleted and made again under the same name between two looks: two lives, two events.
            Indexer.Remove(key);
            TellAll(h => h.OnDelete(old));
            old = null;
        }

        if (old is not null && old.Metadata.ResourceVersion is { } version && version == item.Metadata.ResourceVersion)
        {
            return;
        }

        Indexer.Set(item);
        TellAll(h =>
        {
            if (old is null)
            {
                h.OnAdd(item);
            }
            else
            {
                h.OnUpdate(old, item);
            }
        });
    }

    private void TellAll(Action<IResourceEventHandler<T>> tell)
    {
        foreach (var handler in handlers)
        {
            Tell(handler, tell);
        }
    }

    private void Tell(IResourceEventHandler<T> handler, Action<IResourceEventHandler<T>> tell)
    {
        try
        {
            tell(handler);
        }
        catch (Exception exception)
        {
            // One bad handler must not blind the others, nor stop the cache.
            CacheLog.HandlerFailed(logger, exception, name);
        }
    }
}
