using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>
/// An API server in memory, for tests of controllers: versions, conflicts, finalizers, generations, status apart from the rest, watches with history, pages.
/// It has no schemas, no defaults and no controllers; server-side apply replaces lists and never conflicts; JSON patches are refused.
/// </summary>
public sealed class FakeKubernetesClient(TimeProvider? timeProvider = null) : IKubernetesClient
{
    private readonly FakeStore store = new(timeProvider ?? new FakeTimeProvider());
    private readonly ConcurrentQueue<FakeRequest> requests = new();
    private volatile TaskCompletionSource<Exception?> cut = NewCut();
    private volatile TaskCompletionSource bookmark = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int bookmarks;
    private int watches;

    /// <summary>Everything that was asked, in order.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. requests];

    /// <summary>Only what could change something.</summary>
    public IReadOnlyList<FakeRequest> Writes => [.. requests.Where(r => r.IsWrite)];

    /// <summary>Watches that are open now.</summary>
    public int OpenWatches => Volatile.Read(ref watches);

    /// <summary>The version of the latest change.</summary>
    public string ResourceVersion => store.Revision.ToString();

    /// <summary>Called before every request is answered: an exception is the answer, a delay is a slow server.</summary>
    public Func<FakeRequest, CancellationToken, Task>? OnRequest { get; set; }

    /// <summary>Answers <see cref="IKubernetesClient.SendAsync"/>, which is refused without it.</summary>
    public Func<HttpMethod, string, JsonNode?, Task<JsonNode?>>? OnSend { get; set; }

    /// <summary>Which kind lives where, for <see cref="ApplyManifestAsync"/>: "apps/v1/Deployment" to "deployments". Kinds not named get an s.</summary>
    public IDictionary<string, string> Plurals { get; } = new ConcurrentDictionary<string, string>();

    /// <summary>Answers <see cref="IKubernetesClient.DiscoverAsync"/>: group and version to what it serves. Kinds need not be named here to be read or written.</summary>
    public IDictionary<string, ServedVersion> Served { get; } = new ConcurrentDictionary<string, ServedVersion>();

    public int Count(string verb, string? kind = null) => requests.Count(r => r.Verb == verb && (kind is null || r.Kind == kind));

    public void ClearRequests() => requests.Clear();

    /// <summary>Ends all watches, as a server does when their time is over, or breaks them with an exception.</summary>
    public void EndWatches(Exception? with = null) => Interlocked.Exchange(ref cut, NewCut()).SetResult(with);

    /// <summary>Sends a bookmark of the latest version to all watches that want them.</summary>
    public void SendBookmark()
    {
        Interlocked.Increment(ref bookmarks);
        Interlocked.Exchange(ref bookmark, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Watches from a version before now answer 410.</summary>
    public void ForgetHistory() => store.ForgetHistory();

    public async Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        await AskAsync<T>("get", namespaceName, name, null, cancellationToken).ConfigureAwait(false);
        return Read<T>(store.Get(At<T>(namespaceName, name)));
    }

    public async Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        try
        {
            return await GetAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public async Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        await AskAsync<T>("list", namespaceName, null, null, cancellationToken).ConfigureAwait(false);
        var (all, revision) = store.List(Resource<T>(), namespaceName);
        var matching = all.Where(FakeSelector.Parse(options?.LabelSelector, options?.FieldSelector)).Skip(int.Parse(options?.Continue ?? "0")).ToList();
        var page = options?.Limit is { } limit && limit < matching.Count ? matching[..limit] : matching;
        var next = page.Count < matching.Count ? (int.Parse(options?.Continue ?? "0") + page.Count).ToString() : null;
        return new KubernetesList<T>
        {
            Metadata = new V1ListMeta { ResourceVersion = revision.ToString(), Continue = next },
            Items = [.. page.Select(Read<T>)],
        };
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        string? namespaceName, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        await AskAsync<T>("watch", namespaceName, null, null, cancellationToken).ConfigureAwait(false);
        var matches = FakeSelector.Parse(options.LabelSelector, options.FieldSelector);
        var end = cut.Task;
        var seen = long.Parse(options.ResourceVersion ?? "0");
        var marked = Volatile.Read(ref bookmarks);
        Interlocked.Increment(ref watches);
        try
        {
            if (seen == 0)
            {
                var (all, revision) = store.List(Resource<T>(), namespaceName);
                seen = revision;
                foreach (var item in all.Where(matches))
                {
                    yield return new WatchEvent<T>(WatchEventType.Added, Read<T>(item));
                }
            }

            while (true)
            {
                var mark = bookmark.Task;
                var marks = Volatile.Read(ref bookmarks);
                var (changes, revision, next) = store.After(Resource<T>(), seen);
                foreach (var change in changes)
                {
                    seen = change.Revision;
                    if (change.For(namespaceName, matches) is { } told)
                    {
                        yield return new WatchEvent<T>(told.Type, Read<T>(told.Object));
                    }
                }

                if (marks != marked)
                {
                    marked = marks;
                    seen = revision;
                    if (options.AllowBookmarks)
                    {
                        yield return new WatchEvent<T>(WatchEventType.Bookmark, Bookmark<T>(seen));
                    }
                }

                var first = await Task.WhenAny(next, end, mark).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (first == end)
                {
                    if (await end.ConfigureAwait(false) is { } exception)
                    {
                        throw exception;
                    }

                    yield break;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref watches);
        }
    }

    public async Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var name = entity.Metadata.Name ?? $"{entity.Metadata.GenerateName}{store.Revision:x5}";
        await AskAsync<T>("create", entity.Metadata.NamespaceProperty, name, null, cancellationToken).ConfigureAwait(false);
        return Read<T>(store.Create(At<T>(entity.Metadata.NamespaceProperty, name), Write(entity), options?.DryRun == true));
    }

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        PutAsync(entity, null, options, cancellationToken);

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        PutAsync(entity, "status", options, cancellationToken);

    public async Task<T> PatchAsync<T>(
        string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        await AskAsync<T>("patch", namespaceName, name, subresource, cancellationToken, options?.FieldManager).ConfigureAwait(false);
        if (patch.Type == V1PatchType.JsonPatch)
        {
            throw new NotSupportedException("the fake knows no JSON patches");
        }

        return Read<T>(store.Update(
            At<T>(namespaceName, name), subresource, options?.DryRun == true, live => FakeMerge.MergePatch(live, patch.Content)!.AsObject()));
    }

    public async Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var name = entity.Metadata.Name!;
        await AskAsync<T>("apply", entity.Metadata.NamespaceProperty, name, options.Subresource, cancellationToken, options.FieldManager).ConfigureAwait(false);
        return Read<T>(store.Apply(At<T>(entity.Metadata.NamespaceProperty, name), Write(entity), options.FieldManager, options.Subresource, options.DryRun));
    }

    public async Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken)
    {
        var version = (string)manifest["apiVersion"]!;
        var kind = (string)manifest["kind"]!;
        var metadata = manifest["metadata"]!;
        var request = new FakeRequest("apply", kind, (string?)metadata["namespace"], (string)metadata["name"]!, options.Subresource) { FieldManager = options.FieldManager };
        await AskAsync(request, cancellationToken).ConfigureAwait(false);
        return store.Apply(At(version, kind, request.Namespace, request.Name!), manifest, options.FieldManager, options.Subresource, options.DryRun);
    }

    public async Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(new FakeRequest("get", kind, namespaceName, name), cancellationToken).ConfigureAwait(false);
            return store.Get(At(groupVersion, kind, namespaceName, name));
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public async Task<bool> DeleteManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(new FakeRequest("delete", kind, namespaceName, name), cancellationToken).ConfigureAwait(false);
            store.Delete(At(groupVersion, kind, namespaceName, name), null);
            return true;
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken)
    {
        await AskAsync(new FakeRequest("discover", "", null, null), cancellationToken).ConfigureAwait(false);
        return [.. Served.Values];
    }

    public async Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        await AskAsync<T>("delete", namespaceName, name, null, cancellationToken).ConfigureAwait(false);
        store.Delete(At<T>(namespaceName, name), options?.Preconditions);
    }

    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken) =>
        OnSend?.Invoke(method, pathAndQuery, body) ?? throw new NotSupportedException($"the fake was not told how to answer {method} {pathAndQuery}");

    private static TaskCompletionSource<Exception?> NewCut() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeResource At(string version, string kind, string? namespaceName, string name)
    {
        var plural = Plurals.TryGetValue($"{version}/{kind}", out var known) ? known : $"{kind.ToLowerInvariant()}s";
        return new FakeResource($"{version}/{plural}", namespaceName, name);
    }

    private static string Resource<T>()
    {
        var kind = KubernetesEntityAttribute.Of<T>();
        return $"{kind.GroupVersion}/{kind.PluralName}";
    }

    private static FakeResource At<T>(string? namespaceName, string name) =>
        new(Resource<T>(), KubernetesEntityAttribute.Of<T>().Namespaced ? namespaceName ?? throw new ArgumentNullException(nameof(namespaceName)) : null, name);

    private static T Read<T>(JsonObject value) => KubernetesJson.FromNode<T>(value);

    private static JsonObject Write<T>(T entity) => KubernetesJson.ToNode(entity).AsObject();

    private static T Bookmark<T>(long revision) where T : class, IKubernetesObject
    {
        var kind = KubernetesEntityAttribute.Of<T>();
        return Read<T>(new JsonObject
        {
            ["kind"] = kind.Kind,
            ["apiVersion"] = kind.GroupVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString() },
        });
    }

    private async Task<T> PutAsync<T>(T entity, string? subresource, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        await AskAsync<T>("update", entity.Metadata.NamespaceProperty, entity.Metadata.Name, subresource, cancellationToken).ConfigureAwait(false);
        return Read<T>(store.Update(
            At<T>(entity.Metadata.NamespaceProperty, entity.Metadata.Name!), subresource, options?.DryRun == true, _ => Write(entity)));
    }

    private Task AskAsync<T>(string verb, string? namespaceName, string? name, string? subresource, CancellationToken cancellationToken, string? fieldManager = null) =>
        AskAsync(new FakeRequest(verb, KubernetesEntityAttribute.Of<T>().Kind, namespaceName, name, subresource) { FieldManager = fieldManager }, cancellationToken);

    private async Task AskAsync(FakeRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        requests.Enqueue(request);
        if (OnRequest is { } hook)
        {
            await hook(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
