using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>
/// The schemas of the built-in kinds, read from OpenAPI v3 documents. A document holds all that it refers to, and each is read when a kind of
/// its group version is first asked for: most of them never are. Safe for concurrent readers.
/// </summary>
internal sealed class SchemaRegistry
{
    private const string ReferencePrefix = "#/components/schemas/";
    private const string ObjectMetaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    // Hold the kinds that subresources take under the names of other groups: Scale, Eviction, TokenRequest.
    private static readonly string[] SharedDocuments = ["api/v1", "apis/apps/v1"];

    private readonly ConcurrentDictionary<string, JsonObject> components = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ResourceSchema> resolved = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Group, string Version, string Kind), string> kinds = new();
    private readonly ConcurrentDictionary<(string Group, string Version, string Kind), ResourceSchema> roots = new();
    private readonly Dictionary<string, Lazy<bool>> documents;

    // A component that two documents share is added by one of them, kind and all, before the other looks for it.
    private readonly Lock adding = new();

    private SchemaRegistry(IReadOnlyDictionary<string, Func<JsonObject>> documents) =>
        this.documents = documents.ToDictionary(
            d => d.Key,
            d => new Lazy<bool>(() =>
            {
                var document = d.Value();
                lock (adding)
                {
                    Add(document);
                }

                return true;
            }),
            StringComparer.Ordinal);

    /// <summary>The schema of every object's metadata.</summary>
    public ResourceSchema ObjectMeta
    {
        get
        {
            Load(SharedDocuments[0]);
            return Component(ObjectMetaName);
        }
    }

    /// <param name="documents">OpenAPI v3 documents by path, one a group version; components of the same name are taken to be the same.</param>
    public static SchemaRegistry ForBuiltIns(IReadOnlyDictionary<string, Func<JsonObject>> documents) => new(documents);

    /// <summary>The schema of a built-in kind, or null where the documents have none.</summary>
    public ResourceSchema? Find(string group, string version, string kind)
    {
        var key = (group, version, kind);
        Load(group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}");
        if (!kinds.ContainsKey(key))
        {
            Array.ForEach(SharedDocuments, Load);
        }

        return kinds.TryGetValue(key, out var name)
            ? roots.GetOrAdd(key, k => Component(name).WithIdentity(k.Group, k.Version, k.Kind))
            : null;
    }

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

    private void Load(string path)
    {
        if (documents.TryGetValue(path, out var document))
        {
            _ = document.Value;
        }
    }

    private void Add(JsonObject document)
    {
        foreach (var (name, node) in document["components"]?["schemas"] as JsonObject ?? [])
        {
            if (node is not JsonObject schema || !components.TryAdd(name, schema))
            {
                continue;
            }

            foreach (var identity in schema["x-kubernetes-group-version-kind"] as JsonArray ?? [])
            {
                kinds.TryAdd(((string)identity!["group"]!, (string)identity["version"]!, (string)identity["kind"]!), name);
            }
        }
    }

    private ResourceSchema Component(string name) =>
        resolved.GetOrAdd(name, n => components.TryGetValue(n, out var source)
            ? new ResourceSchema(source, null, this, n)
            : throw new InvalidOperationException($"the OpenAPI documents refer to {n}, which none of them has"));
}
