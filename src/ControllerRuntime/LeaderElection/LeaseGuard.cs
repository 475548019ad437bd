using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// A client that reads always and writes only while <see cref="WriteGate"/> is open; else it throws <see cref="NotLeadingException"/>. A write that is under way
/// when the gate shuts is broken off. What a server has accepted by then it may still carry out: that is what the last second of a lease is left unused for.
/// </summary>
public sealed class LeaseGuard(IKubernetesClient client, WriteGate gate) : IKubernetesClient
{
    public Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        client.GetAsync<T>(name, namespaceName, cancellationToken);

    public Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        client.FindAsync<T>(name, namespaceName, cancellationToken);

    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        client.ListAsync<T>(namespaceName, options, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        client.WatchAsync<T>(namespaceName, options, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchPathAsync<T>(string path, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        client.WatchPathAsync<T>(path, options, cancellationToken);

    public Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        client.FindManifestAsync(groupVersion, kind, name, namespaceName, cancellationToken);

    public Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken) => client.DiscoverAsync(cancellationToken);

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WriteAsync(token => client.CreateAsync(entity, options, token), cancellationToken);

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WriteAsync(token => client.UpdateAsync(entity, options, token), cancellationToken);

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WriteAsync(token => client.UpdateStatusAsync(entity, options, token), cancellationToken);

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        WriteAsync(token => client.PatchAsync<T>(name, namespaceName, patch, subresource, options, token), cancellationToken);

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WriteAsync(token => client.ApplyAsync(entity, options, token), cancellationToken);

    public Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken) =>
        WriteAsync(token => client.ApplyManifestAsync(manifest, options, token), cancellationToken);

    public Task<bool> DeleteManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        WriteAsync(token => client.DeleteManifestAsync(groupVersion, kind, name, namespaceName, token), cancellationToken);

    public Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WriteAsync(
            async token =>
            {
                await client.DeleteAsync<T>(name, namespaceName, options, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) =>
        method == HttpMethod.Get || method == HttpMethod.Head
            ? client.SendAsync(method, pathAndQuery, body, contentType, cancellationToken)
            : WriteAsync(token => client.SendAsync(method, pathAndQuery, body, contentType, token), cancellationToken);

    private async Task<T> WriteAsync<T>(Func<CancellationToken, Task<T>> write, CancellationToken cancellationToken)
    {
        if (!gate.TryEnter(out var shut))
        {
            throw new NotLeadingException("nothing is written: this process does not hold the lease, or not for long enough");
        }

        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, shut);
        try
        {
            return await write(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (shut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new NotLeadingException("the lease ran out during a write, which was broken off", exception);
        }
    }
}
