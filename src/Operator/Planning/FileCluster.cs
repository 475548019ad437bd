using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Integrations;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Planning;

/// <summary>
/// What files alone tell of a cluster: the objects that were put in, and that nothing else is known. It validates nothing.
/// </summary>
internal sealed class FileCluster : IKubernetesClient
{
    private static readonly IReadOnlyList<ServedVersion> OptionalKinds =
    [
        .. new[] { Of<V1LeaderWorkerSet>(), Of<V1PodDisruptionBudget>(), Of<PodMonitor>(), Of<ServiceMonitor>(), Of<PrometheusRule>(), Of<HTTPRoute>(), Of<InferencePool>() }
            .GroupBy(k => k.GroupVersion, k => new ServedKind(k.Kind, k.PluralName, k.Namespaced))
            .Select(g => new ServedVersion(g.Key, [.. g])),
    ];

    private readonly Dictionary<(string Kind, string? Namespace, string Name), JsonObject> objects = [];

    public void Put(JsonObject value) => objects[((string)value["kind"]!, (string?)value["metadata"]!["namespace"], (string)value["metadata"]!["name"]!)] = value;

    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var kind = KubernetesEntityAttribute.Of<T>();
        if (!kind.Namespaced || (kind.Kind == "Pod" && namespaceName is null))
        {
            return Task.FromException<KubernetesList<T>>(new KubernetesException(HttpStatusCode.Forbidden, null, "the plan is made from files alone"));
        }

        var items = objects.Where(o => o.Key.Kind == kind.Kind && (namespaceName is null || o.Key.Namespace == namespaceName)).Select(o => KubernetesJson.FromNode<T>(o.Value)).ToList();
        return Task.FromResult(new KubernetesList<T> { Items = items, Metadata = new V1ListMeta { ResourceVersion = "1" } });
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        // Files do not change.
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        yield break;
    }

    public Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        Task.FromResult(objects.TryGetValue((KubernetesEntityAttribute.Of<T>().Kind, namespaceName, name), out var found) ? KubernetesJson.FromNode<T>(found) : null);

    public Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        Task.FromResult(objects.GetValueOrDefault((kind, namespaceName, name)));

    /// <summary>Files do not tell whether a cluster has the kinds that a service may ask for: taken for granted, so that the plan shows their objects.</summary>
    public Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken) => Task.FromResult(OptionalKinds);

    /// <summary>The fields of the apply take the place of the object: nobody else writes in files.</summary>
    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject => Task.FromResult(entity);

    public Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken) => Task.FromResult(manifest);

    public Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw Refusal();

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw Refusal();

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw Refusal();

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw Refusal();

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw Refusal();

    public Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => throw Refusal();

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) => throw Refusal();

    private static KubernetesEntityAttribute Of<T>() where T : class, IKubernetesObject => KubernetesEntityAttribute.Of<T>();

    private static NotSupportedException Refusal() => new("a plan from files alone does not do that");
}
