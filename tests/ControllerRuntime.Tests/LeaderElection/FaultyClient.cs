using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

/// <summary>
/// One process's way to the API server. On the way a request may be refused, hang or take time; what has reached the server is carried out a moment later
/// even if the process has hung up meanwhile. Knows only what leader election and the work of <see cref="FailoverTests"/> ask.
/// </summary>
internal sealed class FaultyClient(FakeKubernetesClient server, FakeTimeProvider serverClock, Func<Task> beforeWork) : IKubernetesClient
{
    private int busy;

    public bool IsCut { get; set; }

    public bool Hangs { get; set; }

    /// <summary>Before the server has the request.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>From then until it is carried out; the lease's writes are carried out at once.</summary>
    public TimeSpan ServerDelay { get; set; }

    /// <summary>Requests that go on without a clock's help.</summary>
    public int Busy => Volatile.Read(ref busy);

    public Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        SendAsync(() => server.FindAsync<T>(name, namespaceName, CancellationToken.None), cancellationToken);

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        SendAsync(() => server.CreateAsync(entity, options, CancellationToken.None), cancellationToken);

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        SendAsync(() => server.UpdateAsync(entity, options, CancellationToken.None), cancellationToken);

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        SendAsync(
            async () =>
            {
                if (ServerDelay > TimeSpan.Zero)
                {
                    await IdleAsync(Task.Delay(ServerDelay, serverClock)).ConfigureAwait(false);
                }

                await beforeWork().ConfigureAwait(false);
                return await server.ApplyAsync(entity, options, CancellationToken.None).ConfigureAwait(false);
            },
            cancellationToken);

    public Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        throw new NotSupportedException();

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        throw new NotSupportedException();

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotSupportedException();

    public Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        throw new NotSupportedException();

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private async Task<T> SendAsync<T>(Func<Task<T>> atServer, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref busy);
        try
        {
            if (Hangs)
            {
                await IdleAsync(Task.Delay(Timeout.InfiniteTimeSpan, serverClock, cancellationToken)).ConfigureAwait(false);
            }

            if (Latency > TimeSpan.Zero)
            {
                await IdleAsync(Task.Delay(Latency, serverClock, cancellationToken)).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (IsCut)
            {
                throw new HttpRequestException("network is unreachable");
            }

            return await atServer().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref busy);
        }
    }

    private async Task IdleAsync(Task waiting)
    {
        Interlocked.Decrement(ref busy);
        try
        {
            await waiting.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Increment(ref busy);
        }
    }
}
