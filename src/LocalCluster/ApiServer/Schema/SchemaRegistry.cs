using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The schemas of the built-in kinds, read from OpenAPI v3 documents. Safe for concurrent readers.</summary>
internal sealed class SchemaRegistry
{
    private const string ReferencePrefix = "#/components/schemas/";
    private const string ObjectMetaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private readonly Dictionary<string, JsonObject> components = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ResourceSchema> resolved = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Group, string Version, string Kind), string> kinds = [];
    private readonly ConcurrentDictionary<(string Group, string Version, string Kind), ResourceSchema> roots = new();

    private SchemaRegistry()
    {
    }

    /// <summary>The schema of every object's metadata.</summary>
    public ResourceSchema ObjectMeta => Component(ObjectMetaName);

    /// <param name="documents">OpenAPI v3 documents, one a group version; components of the same name are taken to be the same.</param>
    public static SchemaRegistry ForBuiltIns(IEnumerable<JsonObject> documents)
    {
        var registry = new SchemaRegistry();
        foreach (var document in documents)
        {
            foreach (var (name, node) in document["components"]?["schemas"] as JsonObject ?? [])
            {
                if (node is not JsonObject schema || !registry.components.TryAdd(name, schema))
                {
                    continue;
                }

                foreach (var identity in schema["x-kubernetes-group-version-kind"] as JsonArray ?? [])
                {
                    var key = ((string)identity!["group"]!, (string)identity["version"]!, (string)identity["kind"]!);
                    registry.kinds.TryAdd(key, name);
                }
            }
        }

        return registry;
    }

    /// <summary>The schema of a built-in kind, or null where the documents have none.</summary>
    public ResourceSchema? Find(string group, string version, string kind) =>
        kinds.TryGetValue((group, version, kind), out var name)
            ? roots.GetOrAdd((group, version, kind), key => Component(name).WithIdentity(key.Group, key.Version, key.Kind))
            : null;

    internal ResourceSchema Resolve(JsonObject node)
    {
        if ((string?)node["$ref"] is { } reference)
        {
            return Component(reference[ReferencePrefix.Length..]);
        }

        if (node["allOf"] is JsonArray { Count: 1 } all && (string?)all[0]?["$ref"] is { } wrapped)
        {
            var target = Component(wrapped[ReferencePrefix.Length..]);
            return new ResourceSchema(target.Source, node, this, target.TypeName);
        }

        return new ResourceSchema(node, null, this, null);
    }

    private ResourceSchema Component(string name) =>
        resolved.GetOrAdd(name, n => components.TryGetValue(n, out var source)
            ? new ResourceSchema(source, null, this, n)
            : throw new InvalidOperationException($"the OpenAPI documents refer to {n}, which none of them has"));
}
