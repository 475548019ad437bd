using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Tests.Cache;

/// <summary>Remembers the timeouts of watches; only what an informer asks is answered.</summary>
internal sealed class SpyingClient(IKubernetesClient inner, ConcurrentQueue<int?> timeouts) : IKubernetesClient
{
    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        inner.ListAsync<T>(namespaceName, options, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        timeouts.Enqueue(options.TimeoutSeconds);
        return inner.WatchAsync<T>(namespaceName, options, cancellationToken);
    }

    public Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        throw new NotSupportedException();

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
