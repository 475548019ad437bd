using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>
/// Deletes objects whose owners are gone, finishes foreground deletions and orphaning; over all kinds that discovery lists, custom ones too.
/// Its queue holds uids.
/// </summary>
internal sealed partial class GarbageCollector(IKubernetesClient client, TimeProvider time, ILogger logger) : QueueController("garbage-collector", time, logger)
{
    private static readonly TimeSpan RediscoverEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RediscoverAfterChange = TimeSpan.FromMilliseconds(100);

    private readonly ILogger logger = logger;
    private readonly OwnerGraph graph = new();
    private readonly ConcurrentDictionary<string, (ResourceMonitor Monitor, CancellationTokenSource Stop, Task Running)> monitors = new(StringComparer.Ordinal);
    private readonly Channel<bool> rediscover = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Objects with an owner of a kind that was not served; looked at again with every discovery.</summary>
    private readonly ConcurrentDictionary<string, bool> undecided = new(StringComparer.Ordinal);

    private volatile IReadOnlyDictionary<(string Group, string Kind), DiscoveredResource> kinds = new Dictionary<(string, string), DiscoveredResource>();

    /// <summary>Starts and stops monitors as kinds come and go, until cancelled.</summary>
    public async Task DiscoverAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await SyncMonitorsAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    LogDiscoveryFailed(exception);
                }

                await WaitForChangeAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(monitors.Values.Select(m => m.Running)).ConfigureAwait(false);
        }
    }

    public override void Dispose()
    {
        foreach (var (_, stop, _) in monitors.Values)
        {
            stop.Dispose();
        }

        base.Dispose();
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (graph.Find(key.Name) is not { } entity)
        {
            return null;
        }

        if (entity.WaitsForDependents)
        {
            await FinishForegroundAsync(entity, cancellationToken).ConfigureAwait(false);
        }
        else if (entity.OrphansDependents)
        {
            await OrphanAsync(entity, cancellationToken).ConfigureAwait(false);
        }
        else if (!entity.IsDeleting && entity.Owners.Count > 0)
        {
            return await CheckOwnersAsync(entity, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task<TimeSpan?> CheckOwnersAsync(OwnedObject seen, CancellationToken cancellationToken)
    {
        // Most objects have owners that are known to be alive: no question to the server is needed.
        if (seen.Owners.All(o => graph.Find(o.Uid) is { WaitsForDependents: false }))
        {
            return null;
        }

        if (await ReadAsync(seen.Path, cancellationToken).ConfigureAwait(false) is not { } live || live.Metadata.Uid != seen.Uid)
        {
            return null;
        }

        var entity = OwnedObject.Of(seen.Resource, live.Metadata);
        var states = new List<OwnerState>();
        foreach (var owner in entity.Owners)
        {
            states.Add(await StateOfAsync(owner, entity, cancellationToken).ConfigureAwait(false));
        }

        var plan = GarbagePlanner.Plan(entity, states, graph.DependentsOf(entity.Uid).Count > 0);
        if (plan.RemainingOwners is { } remaining)
        {
            await PatchMetadataAsync(entity, live.Metadata.ResourceVersion, "ownerReferences", [.. remaining.Select(r => (JsonNode?)KubernetesJson.ToNode(r))], cancellationToken).ConfigureAwait(false);
        }
        else if (plan.Delete)
        {
            LogDeleting(entity.Path);
            await DeleteAsync(entity, plan.PropagationPolicy!, cancellationToken).ConfigureAwait(false);
        }

        if (states.Contains(OwnerState.Unknown))
        {
            undecided[entity.Uid] = true;
        }

        return null;
    }

    private async Task<OwnerState> StateOfAsync(V1OwnerReference owner, OwnedObject dependent, CancellationToken cancellationToken)
    {
        if (graph.Find(owner.Uid) is { } known)
        {
            return known.WaitsForDependents ? OwnerState.Waiting : OwnerState.Solid;
        }

        var slash = owner.ApiVersion.IndexOf('/', StringComparison.Ordinal);
        if (!kinds.TryGetValue((slash < 0 ? "" : owner.ApiVersion[..slash], owner.Kind), out var resource))
        {
            return OwnerState.Unknown;
        }

        if (resource.Namespaced && dependent.Namespace is null)
        {
            return OwnerState.Absent; // A cluster-scoped object cannot be owned by one in a namespace.
        }

        var live = await ReadAsync(ResourcePath.For(resource.GroupVersion, resource.Plural, resource.Namespaced ? dependent.Namespace : null, owner.Name), cancellationToken).ConfigureAwait(false);
        return live is null || live.Metadata.Uid != owner.Uid ? OwnerState.Absent
            : OwnedObject.Of(resource, live.Metadata).WaitsForDependents ? OwnerState.Waiting
            : OwnerState.Solid;
    }

    /// <summary>Deletes the dependents, and lets the owner go when none is left that blocks it.</summary>
    private async Task FinishForegroundAsync(OwnedObject owner, CancellationToken cancellationToken)
    {
        var dependents = graph.DependentsOf(owner.Uid);
        foreach (var dependent in dependents)
        {
            Enqueue(dependent.Uid);
        }

        if (!dependents.Any(d => d.Owners.Any(o => o.Uid == owner.Uid && o.BlockOwnerDeletion == true)))
        {
            await RemoveFinalizerAsync(owner, OwnedObject.ForegroundFinalizer, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task OrphanAsync(OwnedObject owner, CancellationToken cancellationToken)
    {
        foreach (var dependent in graph.DependentsOf(owner.Uid))
        {
            if (await ReadAsync(dependent.Path, cancellationToken).ConfigureAwait(false) is { } live && live.Metadata.Uid == dependent.Uid)
            {
                var remaining = (live.Metadata.OwnerReferences ?? []).Where(o => o.Uid != owner.Uid).Select(r => (JsonNode?)KubernetesJson.ToNode(r));
                await PatchMetadataAsync(dependent, live.Metadata.ResourceVersion, "ownerReferences", [.. remaining], cancellationToken).ConfigureAwait(false);
            }
        }

        await RemoveFinalizerAsync(owner, OwnedObject.OrphanFinalizer, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveFinalizerAsync(OwnedObject entity, string finalizer, CancellationToken cancellationToken)
    {
        if (await ReadAsync(entity.Path, cancellationToken).ConfigureAwait(false) is { } live && live.Metadata.Uid == entity.Uid)
        {
            var remaining = (live.Metadata.Finalizers ?? []).Where(f => f != finalizer).Select(f => (JsonNode?)JsonValue.Create(f));
            await PatchMetadataAsync(entity, live.Metadata.ResourceVersion, "finalizers", [.. remaining], cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<PartialObject?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return KubernetesJson.FromNode<PartialObject>((await client.SendAsync(HttpMethod.Get, path, null, null, cancellationToken).ConfigureAwait(false))!);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private async Task PatchMetadataAsync(OwnedObject entity, string? version, string field, JsonNode?[] items, CancellationToken cancellationToken)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = entity.Uid, ["resourceVersion"] = version, [field] = items.Length == 0 ? null : new JsonArray(items) },
        };
        try
        {
            await client.SendAsync(HttpMethod.Patch, $"{entity.Path}?fieldManager={FieldManager}", patch, "application/merge-patch+json", cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            // It went on its own.
        }
    }

    private async Task DeleteAsync(OwnedObject entity, string policy, CancellationToken cancellationToken)
    {
        var options = KubernetesJson.ToNode(new V1DeleteOptions { PropagationPolicy = policy, Preconditions = new V1Preconditions { Uid = entity.Uid } });
        try
        {
            await client.SendAsync(HttpMethod.Delete, entity.Path, options, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            // It went on its own.
        }
    }

    private void Enqueue(string uid) => Queue.Add(new NamespacedName(null, uid));

    private async Task SyncMonitorsAsync(CancellationToken cancellationToken)
    {
        var resources = await DiscoveredResource.ReadAllAsync(client, cancellationToken).ConfigureAwait(false);
        kinds = resources.GroupBy(r => (r.Group, r.Kind)).ToDictionary(g => g.Key, g => g.First());
        foreach (var uid in undecided.Keys)
        {
            undecided.TryRemove(uid, out _);
            Enqueue(uid);
        }

        // Events own nothing and are many; the real collector leaves them out as well.
        var wanted = resources.Where(r => r.Has("list", "watch", "delete") && r.Kind != "Event").ToDictionary(r => $"{r.GroupVersion}/{r.Plural}", StringComparer.Ordinal);
        foreach (var (name, entry) in monitors)
        {
            if (!wanted.ContainsKey(name) && monitors.TryRemove(name, out _))
            {
                await entry.Stop.CancelAsync().ConfigureAwait(false);
                await entry.Running.ConfigureAwait(false);
                entry.Stop.Dispose();
                Listed(entry.Monitor.Resource, []);
            }
        }

        foreach (var (name, resource) in wanted)
        {
            if (!monitors.ContainsKey(name))
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var monitor = new ResourceMonitor(client, resource, Time, logger);
                var running = monitor.RunAsync(all => Listed(resource, all), (metadata, deleted) => Changed(resource, metadata, deleted), stop.Token);
                monitors[name] = (monitor, stop, running);
            }
        }
    }

    private async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(RediscoverEvery, Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await rediscover.Reader.ReadAsync(linked.Token).ConfigureAwait(false);

            // A definition is served a moment after it was written.
            await Task.Delay(RediscoverAfterChange, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look anyway.
        }
    }

    private void Listed(DiscoveredResource resource, IReadOnlyList<V1ObjectMeta> all)
    {
        foreach (var uid in graph.Missing(resource, all.Select(m => m.Uid!).ToHashSet(StringComparer.Ordinal)))
        {
            Gone(uid);
        }

        foreach (var metadata in all)
        {
            Changed(resource, metadata, deleted: false);
        }
    }

    private void Changed(DiscoveredResource resource, V1ObjectMeta metadata, bool deleted)
    {
        if (resource.Kind == "CustomResourceDefinition")
        {
            rediscover.Writer.TryWrite(true);
        }

        if (deleted)
        {
            Gone(metadata.Uid!);
            return;
        }

        var entity = OwnedObject.Of(resource, metadata);
        graph.Set(entity);
        if (entity.Owners.Count > 0 || entity.IsDeleting)
        {
            Enqueue(entity.Uid);
        }
    }

    private void Gone(string uid)
    {
        var before = graph.Remove(uid);
        foreach (var dependent in graph.DependentsOf(uid))
        {
            Enqueue(dependent.Uid);
        }

        foreach (var owner in before?.Owners ?? [])
        {
            Enqueue(owner.Uid);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "garbage collector deletes {Path}")]
    private partial void LogDeleting(string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "discovery failed and is tried again")]
    private partial void LogDiscoveryFailed(Exception exception);
}
