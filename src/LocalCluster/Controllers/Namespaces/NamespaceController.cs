using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Namespaces;

/// <summary>Empties namespaces that are being deleted, and lets them go when nothing is left.</summary>
internal sealed class NamespaceController : QueueController
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;

    public NamespaceController(IKubernetesClient client, ClusterInformers informers, TimeProvider time, ILogger logger)
        : base("namespace", time, logger)
    {
        this.client = client;
        this.informers = informers;
        informers.Namespaces.AddEventHandler(Enqueue, (_, ns) => Enqueue(ns));
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Namespaces.Lister.Get(key) is not { Metadata.DeletionTimestamp: not null } ns || ns.Spec?.Finalizers is not { Count: > 0 })
        {
            return null;
        }

        var content = await EmptyAsync(key.Name, cancellationToken).ConfigureAwait(false);
        var conditions = NamespaceConditions.Build(ns.Status?.Conditions ?? [], content, Time.GetUtcNow());
        if (content.IsEmpty)
        {
            var current = await client.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{key.Name}", null, null, cancellationToken).ConfigureAwait(false);
            current!["spec"]!["finalizers"] = new JsonArray([.. current["spec"]!["finalizers"]!.AsArray().Select(f => f!.GetValue<string>()).Where(f => f != "kubernetes").Select(f => JsonValue.Create(f))]);
            await client.SendAsync(HttpMethod.Put, $"/api/v1/namespaces/{key.Name}/finalize?fieldManager={FieldManager}", current, null, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!KubernetesJson.DeepEquals(ns.Status?.Conditions, conditions))
        {
            await client.UpdateStatusAsync(ns with { Status = (ns.Status ?? new V1NamespaceStatus()) with { Conditions = conditions } }, Write, cancellationToken).ConfigureAwait(false);
        }

        return LookAgain;
    }

    private void Enqueue(V1Namespace ns)
    {
        if (ns.Metadata.DeletionTimestamp is not null)
        {
            Queue.Add(NamespacedName.Of(ns));
        }
    }

    /// <summary>Deletes everything in the namespace and tells what is still there afterwards.</summary>
    private async Task<NamespaceContent> EmptyAsync(string name, CancellationToken cancellationToken)
    {
        var resources = new Dictionary<string, int>(StringComparer.Ordinal);
        var finalizers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var resource in await DiscoveredResource.ReadAllAsync(client, cancellationToken).ConfigureAwait(false))
        {
            if (!resource.Namespaced || !resource.Has("list", "delete"))
            {
                continue;
            }

            var path = ResourcePath.For(resource.GroupVersion, resource.Plural, name);
            var items = await ItemsAsync(path, cancellationToken).ConfigureAwait(false);
            foreach (var item in items.Where(i => i["metadata"]?["deletionTimestamp"] is null))
            {
                await DeleteAsync(ResourcePath.For(resource.GroupVersion, resource.Plural, name, item["metadata"]!["name"]!.GetValue<string>()), cancellationToken).ConfigureAwait(false);
            }

            var left = items.Count == 0 ? [] : await ItemsAsync(path, cancellationToken).ConfigureAwait(false);
            if (left.Count > 0)
            {
                resources[resource.Group.Length == 0 ? resource.Plural + "." : $"{resource.Plural}.{resource.Group}"] = left.Count;
            }

            foreach (var finalizer in left.SelectMany(i => i["metadata"]?["finalizers"]?.AsArray() ?? []))
            {
                finalizers[finalizer!.GetValue<string>()] = finalizers.GetValueOrDefault(finalizer.GetValue<string>()) + 1;
            }
        }

        return new NamespaceContent(resources, finalizers);
    }

    private async Task<IReadOnlyList<JsonNode>> ItemsAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var list = await client.SendAsync(HttpMethod.Get, path, null, null, cancellationToken).ConfigureAwait(false);
            return [.. (list?["items"]?.AsArray() ?? []).Select(i => i!)];
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return []; // A kind that has just been removed has no objects.
        }
    }

    private async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = "Background" };
            await client.SendAsync(HttpMethod.Delete, path, options, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or changed under us: the next look tells.
        }
    }
}
