using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient;

/// <summary>
/// A Kubernetes API server as controllers see it. Every member throws <see cref="KubernetesException"/> for an answer that is no success;
/// <c>namespaceName</c> is null for cluster-scoped kinds, and for lists and watches over all namespaces.
/// </summary>
public interface IKubernetesClient
{
    Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>Like <see cref="GetAsync{T}"/>, but null where the object does not exist.</summary>
    Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>One page (or all, without <see cref="ListOptions.Limit"/>) with the list's resourceVersion and continue token.</summary>
    Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>
    /// Streams changes until the server ends the watch (the enumeration completes) or reports an error (throws; 410 as <see cref="KubernetesException.IsGone"/>).
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>The same for a collection known only by its path (<see cref="ResourcePath"/> makes it): kinds that discovery has found.</summary>
    IAsyncEnumerable<WatchEvent<T>> WatchPathAsync<T>(string path, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        throw new NotSupportedException("this client watches only kinds that it has a type for");

    Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>JSON, merge or strategic patch; <paramref name="subresource"/> as in "status" or "scale".</summary>
    Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject;

    /// <summary>Server-side apply; the entity holds exactly the fields that <see cref="ApplyOptions.FieldManager"/> wants to own.</summary>
    Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>Server-side apply of a manifest of any kind (YAML or JSON already parsed); the path is found by discovery.</summary>
    Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken);

    /// <summary>An object of any kind; null where it, or its kind, does not exist. The path is found by discovery.</summary>
    Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        throw new NotSupportedException("this client reads only kinds that it has a type for");

    /// <summary>Deletes an object of any kind in the background; gives whether it was there.</summary>
    Task<bool> DeleteManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        throw new NotSupportedException("this client deletes only kinds that it has a type for");

    /// <summary>What the server serves in every named group; the core group is not in it, since it is never absent.</summary>
    Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken) => throw new NotSupportedException("this client knows no discovery");

    /// <summary>Deletes; a missing object throws IsNotFound like any other answer.</summary>
    Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject;

    /// <summary>Any request, for what the typed members do not cover (discovery, bindings, scale, dynamic kinds); <paramref name="pathAndQuery"/> begins with a slash.</summary>
    Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken);
}
