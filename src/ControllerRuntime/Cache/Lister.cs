using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>What reconcilers read instead of the API server: the state that the informer has seen, possibly a moment old.</summary>
public sealed class Lister<T>(Indexer<T> indexer) where T : class, IKubernetesObject
{
    public T? Get(string? namespaceName, string name) => indexer.Get(new NamespacedName(namespaceName, name));

    public T? Get(NamespacedName key) => indexer.Get(key);

    /// <summary>All objects, or those of one namespace; in no order.</summary>
    public IReadOnlyList<T> List(string? namespaceName = null) =>
        namespaceName is null ? indexer.List() : indexer.ByIndex(Indexer<T>.NamespaceIndex, namespaceName);

    /// <summary>Objects to which the index gave this key; throws <see cref="ArgumentException"/> for an index that was not added.</summary>
    public IReadOnlyList<T> ByIndex(string index, string key) => indexer.ByIndex(index, key);

    /// <summary>How many those are.</summary>
    public int CountByIndex(string index, string key) => indexer.CountByIndex(index, key);
}
