using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>
/// Follows the stored CustomResourceDefinitions: accepts their names, serves their versions, publishes their OpenAPI documents, and,
/// when one is deleted, deletes its objects before it lets go of the definition.
/// </summary>
internal sealed class CustomResourceRegistrar(ObjectStore store, ResourceRegistry registry, OpenApiDocuments documents, ResourceSchema objectMeta, TimeProvider time)
{
    private const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    private static readonly GroupResource Definitions = new("apiextensions.k8s.io", "customresourcedefinitions");

    private readonly Dictionary<string, Served> served = new(StringComparer.Ordinal);

    /// <summary>Works until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var revision = store.Revision;
            var waiting = ReconcileOnce();
            var changes = waiting.Append(Definitions).Select(r => store.WaitForChangeAsync(r, revision)).ToArray();
            try
            {
                await Task.WhenAny(changes).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Brings everything in line with the definitions as they are now.</summary>
    /// <returns>Collections whose objects a deleted definition still waits for.</returns>
    internal IReadOnlyList<GroupResource> ReconcileOnce()
    {
        var waiting = new List<GroupResource>();
        var all = store.Snapshot(Definitions).Objects.Values.OrderBy(o => o.Value.At("metadata", "creationTimestamp").AsText(), StringComparer.Ordinal).ThenBy(o => o.Revision).ToList();
        foreach (var name in served.Keys.Except(all.Select(d => d.Name), StringComparer.Ordinal).ToList())
        {
            Withdraw(name);
        }

        foreach (var stored in all)
        {
            if (stored.Value.At("metadata", "deletionTimestamp") is not null)
            {
                if (CleanUp(stored) is { } held)
                {
                    waiting.Add(held);
                }

                continue;
            }

            var definition = DefinitionNames.Accept(stored.Value, store.Snapshot(Definitions).Objects.Values.Select(o => o.Value), ManagedFieldsEntry.Timestamp(time.GetUtcNow()));
            // Served first: whoever sees Established may use the resource at once.
            if (DefinitionNames.IsEstablished(definition))
            {
                Serve(stored.Name, definition);
            }

            if (!definition.SameAs(stored.Value))
            {
                // A write that somebody else's has overtaken is made again: that change wakes us.
                store.TryUpdate(stored, definition);
            }
        }

        return waiting;
    }

    private void Serve(string name, JsonObject definition)
    {
        if (served.TryGetValue(name, out var present) && present.Spec.SameAs(definition["spec"]) && present.Names.SameAs(definition.At("status", "acceptedNames")))
        {
            return;
        }

        var resources = DefinitionVersions.Read(definition, objectMeta);
        foreach (var gone in (present?.Resources ?? []).Where(r => !resources.Any(n => n.Version == r.Version && n.Plural == r.Plural)))
        {
            registry.Unregister(gone.Group, gone.Version, gone.Plural);
        }

        foreach (var resource in resources)
        {
            registry.Register(resource);
        }

        served[name] = new Served((JsonObject)definition.DeepClone(), resources);
        Publish(resources.Concat(present?.Resources ?? []));
    }

    private void Withdraw(string name)
    {
        if (served.Remove(name, out var present))
        {
            foreach (var resource in present.Resources)
            {
                registry.Unregister(resource.Group, resource.Version, resource.Plural);
            }

            Publish(present.Resources);
        }
    }

    private void Publish(IEnumerable<ResourceDefinition> touched)
    {
        foreach (var (group, version) in touched.Select(r => (r.Group, r.Version)).Distinct())
        {
            var serving = served.Values.Where(s => s.Resources.Any(r => r.Group == group && r.Version == version)).Select(s => s.Definition).ToList();
            if (serving.Count == 0)
            {
                documents.Withdraw(group, version);
            }
            else
            {
                documents.Publish(group, version, CustomResourceOpenApi.Build(group, version, serving, documents.Find("api/v1")!.Schemas));
            }
        }
    }

    /// <returns>The collection that still holds objects; null when the definition is gone or nothing of ours holds it.</returns>
    private GroupResource? CleanUp(StoredObject stored)
    {
        var finalizers = stored.Value.At("metadata", "finalizers") as JsonArray ?? [];
        if (!finalizers.Any(f => f.AsText() == CleanupFinalizer))
        {
            return null;
        }

        var collection = new GroupResource(stored.Value.At("spec", "group").AsText() ?? "", stored.Value.At("spec", "names", "plural").AsText() ?? "");
        foreach (var item in store.Snapshot(collection).Objects.Values)
        {
            if (item.Value.At("metadata", "finalizers") is not JsonArray { Count: > 0 })
            {
                store.TryDelete(item);
            }
            else if (item.Value.At("metadata", "deletionTimestamp") is null)
            {
                var marked = (JsonObject)item.Value.DeepClone();
                marked.Ensure("metadata")["deletionTimestamp"] = ManagedFieldsEntry.Timestamp(time.GetUtcNow());
                marked.Ensure("metadata")["deletionGracePeriodSeconds"] = 0;
                store.TryUpdate(item, marked);
            }
        }

        if (!store.Snapshot(collection).Objects.IsEmpty)
        {
            return collection;
        }

        Withdraw(stored.Name);
        var released = (JsonObject)stored.Value.DeepClone();
        var left = new JsonArray(finalizers.Where(f => f.AsText() != CleanupFinalizer).Select(f => f?.DeepClone()).ToArray());
        released.Ensure("metadata").Remove("finalizers");
        if (left.Count > 0)
        {
            released.Ensure("metadata")["finalizers"] = left;
            store.TryUpdate(stored, released);
        }
        else
        {
            store.TryDelete(stored, released);
        }

        return null;
    }

    private sealed record Served(JsonObject Definition, IReadOnlyList<ResourceDefinition> Resources)
    {
        public JsonNode? Spec => Definition["spec"];

        public JsonNode? Names => Definition.At("status", "acceptedNames");
    }
}
