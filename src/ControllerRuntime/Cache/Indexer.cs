using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>Objects by key, with named indexes. Thread-safe; lists are snapshots.</summary>
public sealed class Indexer<T> where T : class, IKubernetesObject
{
    /// <summary>The index that every indexer has.</summary>
    public const string NamespaceIndex = "namespace";

    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, T> items = [];
    private readonly Dictionary<string, Index> indexes = new(StringComparer.Ordinal);

    public Indexer() =>
        indexes[NamespaceIndex] = new Index(static entity => entity.Metadata.NamespaceProperty is { } name ? [name] : []);

    public int Count
    {
        get
        {
            lock (gate)
            {
                return items.Count;
            }
        }
    }

    /// <summary>Adds an index over what is there and what comes. Throws <see cref="ArgumentException"/> for a name that is taken.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> keys)
    {
        lock (gate)
        {
            var index = new Index(keys);
            indexes.Add(name, index);
            foreach (var (key, item) in items)
            {
                index.Add(key, item);
            }
        }
    }

    public T? Get(NamespacedName key)
    {
        lock (gate)
        {
            return items.GetValueOrDefault(key);
        }
    }

    public IReadOnlyList<T> List()
    {
        lock (gate)
        {
            return [.. items.Values];
        }
    }

    public IReadOnlyList<T> ByIndex(string index, string key)
    {
        lock (gate)
        {
            return Find(index).Keys.TryGetValue(key, out var keys) ? [.. keys.Select(k => items[k])] : [];
        }
    }

    /// <summary>How many objects <see cref="ByIndex"/> would give. Throws <see cref="ArgumentException"/> for an index that was not added.</summary>
    public int CountByIndex(string index, string key)
    {
        lock (gate)
        {
            return Find(index).Keys.TryGetValue(key, out var keys) ? keys.Count : 0;
        }
    }

    /// <summary>Adds or replaces; gives what was there.</summary>
    public T? Set(T entity)
    {
        var key = NamespacedName.Of(entity);
        lock (gate)
        {
            var before = items.GetValueOrDefault(key);
            foreach (var index in indexes.Values)
            {
                if (before is not null)
                {
                    index.Remove(key, before);
                }

                index.Add(key, entity);
            }

            items[key] = entity;
            return before;
        }
    }

    /// <summary>Removes; gives what was there.</summary>
    public T? Remove(NamespacedName key)
    {
        lock (gate)
        {
            if (!items.Remove(key, out var before))
            {
                return null;
            }

            foreach (var index in indexes.Values)
            {
                index.Remove(key, before);
            }

            return before;
        }
    }

    private Index Find(string index) => indexes.TryGetValue(index, out var found)
        ? found
        : throw new ArgumentException($"no index '{index}' (there are: {string.Join(", ", indexes.Keys)})", nameof(index));

    private sealed class Index(Func<T, IEnumerable<string>> keys)
    {
        public Dictionary<string, HashSet<NamespacedName>> Keys { get; } = new(StringComparer.Ordinal);

        public void Add(NamespacedName name, T item)
        {
            foreach (var key in keys(item))
            {
                if (!Keys.TryGetValue(key, out var names))
                {
                    Keys[key] = names = [];
                }

                names.Add(name);
            }
        }

        public void Remove(NamespacedName name, T item)
        {
            foreach (var key in keys(item))
            {
                if (Keys.TryGetValue(key, out var names) && names.Remove(name) && names.Count == 0)
                {
                    Keys.Remove(key);
                }
            }
        }
    }
}
