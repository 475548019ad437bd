using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Planning;

/// <summary>
/// Reads what there is, and writes nothing: applies become dry runs, which the API server validates as if they were meant, and are remembered. So the plan of a
/// service is what the operator's own code does with it.
/// </summary>
internal sealed class PlanClient(IKubernetesClient cluster) : IKubernetesClient
{
    private readonly Dictionary<(string Kind, string? Namespace, string Name), (JsonObject? Before, JsonObject? After)> written = [];

    /// <summary>The status that the operator would write; null: it would stay as it is.</summary>
    public InferenceServiceStatus? Status { get; private set; }

    /// <summary>What could not be checked, for people.</summary>
    public List<string> Notes { get; } = [];

    public IEnumerable<PlannedChange> Changes => written
        .Select(w => PlannedChange.Between(w.Key.Kind, w.Key.Name, w.Value.Before, w.Value.After)).OfType<PlannedChange>();

    /// <summary>Objects as they would be.</summary>
    public IEnumerable<JsonObject> Results => written.Values.Select(w => w.After).OfType<JsonObject>();

    public async Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        if (entity is V1Alpha1InferenceServiceStatusApply status)
        {
            Status = status.Status;
            return entity;
        }

        if (entity is V1Pod)
        {
            // A hint on which replica goes first: no matter of a plan.
            return entity;
        }

        var (name, space) = (entity.Metadata.Name!, entity.Metadata.NamespaceProperty);
        var before = await FindAsync<T>(name, space, cancellationToken).ConfigureAwait(false);
        var after = await DryRunAsync(
            KubernetesEntityAttribute.Of<T>().Kind, name, () => cluster.ApplyAsync(entity, options with { DryRun = true }, cancellationToken), () => Merge(before, entity)).ConfigureAwait(false);
        after = after is V1Job job ? (T)(object)Ended(job) : after;
        Remember(KubernetesEntityAttribute.Of<T>().Kind, space, name, Node(before), Node(after));
        return after;
    }

    /// <summary>A plan looks beyond the fetch: at what is done when the model is there.</summary>
    private static V1Job Ended(V1Job job) =>
        job with { Status = new V1JobStatus { Succeeded = 1, Conditions = [new V1JobCondition { Type = "Complete", Status = "True", LastTransitionTime = DateTimeOffset.UnixEpoch }] } };

    public async Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken)
    {
        var (version, kind, name, space) = ((string)manifest["apiVersion"]!, (string)manifest["kind"]!, (string)manifest["metadata"]!["name"]!, (string?)manifest["metadata"]!["namespace"]);
        var before = await FindManifestAsync(version, kind, name, space, cancellationToken).ConfigureAwait(false);
        var after = await DryRunAsync(
            kind, name, () => cluster.ApplyManifestAsync(manifest, options with { DryRun = true }, cancellationToken), () => Merge(before, manifest)).ConfigureAwait(false);
        Remember(kind, space, name, before, after);
        return after;
    }

    public async Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        Remember(KubernetesEntityAttribute.Of<T>().Kind, namespaceName, name, Node(await FindAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false)), null);

    public async Task<bool> DeleteManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken)
    {
        var before = await FindManifestAsync(groupVersion, kind, name, namespaceName, cancellationToken).ConfigureAwait(false);
        Remember(kind, namespaceName, name, before, null);
        return before is not null;
    }

    public async Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        written.TryGetValue((KubernetesEntityAttribute.Of<T>().Kind, namespaceName, name), out var ours)
            ? ours.After is null ? null : KubernetesJson.FromNode<T>(ours.After)
            : await cluster.FindAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false);

    public async Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        await FindAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false)
        ?? throw new KubernetesException(HttpStatusCode.NotFound, null, $"{KubernetesEntityAttribute.Of<T>().PluralName} \"{name}\" not found");

    public Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken) =>
        written.TryGetValue((kind, namespaceName, name), out var ours) ? Task.FromResult(ours.After) : cluster.FindManifestAsync(groupVersion, kind, name, namespaceName, cancellationToken);

    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        cluster.ListAsync<T>(namespaceName, options, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        cluster.WatchAsync<T>(namespaceName, options, cancellationToken);

    public Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken) => cluster.DiscoverAsync(cancellationToken);

    // Events are told by who does something; finalizers change nothing that a plan speaks of.
    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => Task.FromResult(entity);

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => Task.FromResult(entity);

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject => Task.FromResult(entity);

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => GetAsync<T>(name, namespaceName, cancellationToken);

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) =>
        method == HttpMethod.Get ? cluster.SendAsync(method, pathAndQuery, body, contentType, cancellationToken) : throw new NotSupportedException("a plan writes nothing");

    /// <summary>The server's answer; where it does not let this user write, even without effect, what the write would most likely be.</summary>
    private async Task<T> DryRunAsync<T>(string kind, string name, Func<Task<T>> apply, Func<T> merge)
    {
        try
        {
            return await apply().ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            Notes.Add($"{kind} {name} was not checked by the API server: {e.Message}");
            return merge();
        }
    }

    private void Remember(string kind, string? space, string name, JsonObject? before, JsonObject? after) =>
        written[(kind, space, name)] = (written.TryGetValue((kind, space, name), out var first) ? first.Before : before, after);

    private static JsonObject? Node<T>(T? entity) where T : class => entity is null ? null : KubernetesJson.ToNode(entity).AsObject();

    private static T Merge<T>(T? before, T wanted) where T : class, IKubernetesObject => KubernetesJson.FromNode<T>(Merge(Node(before), Node(wanted)!));

    private static JsonObject Merge(JsonObject? before, JsonObject wanted)
    {
        var merged = before?.DeepClone().AsObject() ?? [];
        foreach (var (name, value) in wanted)
        {
            merged[name] = merged[name] is JsonObject old && value is JsonObject nested ? Merge(old, nested) : value?.DeepClone();
        }

        return merged;
    }
}
