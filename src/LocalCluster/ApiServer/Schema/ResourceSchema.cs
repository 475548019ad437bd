using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>
/// One node of a resource's schema. Built-in kinds (OpenAPI v3 documents) and custom resources (structural schemas) have the same
/// shape, so that defaulting, validation, patches and server-side apply are written once. References are resolved on first use,
/// because the documents are recursive.
/// </summary>
internal sealed class ResourceSchema
{
    /// <summary>Accepts everything: below x-kubernetes-preserve-unknown-fields nothing is declared.</summary>
    public static readonly ResourceSchema Any = new(new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true }, null, null, null);

    private readonly JsonObject? wrapper;
    private readonly SchemaRegistry? registry;
    private readonly Lazy<IReadOnlyDictionary<string, ResourceSchema>> properties;
    private readonly Lazy<ResourceSchema?> items;
    private readonly Lazy<ResourceSchema?> additionalProperties;

    /// <param name="source">The schema as JSON, references resolved to it.</param>
    /// <param name="wrapper">The object that referred to it, whose default and extensions win; null where nothing did.</param>
    /// <param name="registry">Resolves references; null for structural schemas, which have none.</param>
    /// <param name="typeName">The component's name for built-in types.</param>
    /// <param name="metadata">Given for the root of a custom resource: the schema of its metadata.</param>
    internal ResourceSchema(JsonObject source, JsonObject? wrapper, SchemaRegistry? registry, string? typeName, ResourceSchema? metadata = null)
    {
        Source = source;
        this.wrapper = wrapper;
        this.registry = registry;
        TypeName = typeName;
        Metadata = metadata;
        Type = (string?)source["type"];
        Format = (string?)source["format"];
        Nullable = Flag("nullable");
        IntOrString = Flag("x-kubernetes-int-or-string") || Format == "int-or-string";
        EmbeddedResource = Flag("x-kubernetes-embedded-resource");
        IsQuantity = typeName == "io.k8s.apimachinery.pkg.api.resource.Quantity";
        AtomicMap = (string?)Extension("x-kubernetes-map-type") == "atomic";
        PatchMergeKey = (string?)Extension("x-kubernetes-patch-merge-key");
        PatchStrategies = ((string?)Extension("x-kubernetes-patch-strategy"))?.Split(',') ?? [];
        (ListType, ListMapKeys) = ReadListType();
        Required = source["required"] is JsonArray required ? required.Select(r => (string)r!).ToHashSet(StringComparer.Ordinal) : [];
        properties = new Lazy<IReadOnlyDictionary<string, ResourceSchema>>(ReadProperties);
        items = new Lazy<ResourceSchema?>(() => Child(source["items"]));
        additionalProperties = new Lazy<ResourceSchema?>(() => source["additionalProperties"] switch
        {
            JsonObject child => Child(child),
            JsonValue allowed when allowed.TryGetValue(out bool yes) && yes => Any,
            _ => null,
        });
        var declaresNothing = Type is "object" or null && !source.ContainsKey("properties") && !source.ContainsKey("additionalProperties")
            && !IntOrString && !IsQuantity && !source.ContainsKey("oneOf") && !source.ContainsKey("anyOf");
        PreserveUnknownFields = Flag("x-kubernetes-preserve-unknown-fields") || (IsBuiltIn && declaresNothing);
    }

    public JsonObject Source { get; }

    /// <summary>True for kinds of the embedded documents: their objects are decoded strictly into structs by the real server.</summary>
    public bool IsBuiltIn => registry is not null;

    /// <summary>The component's name, such as io.k8s.api.core.v1.Container; null for custom resources.</summary>
    public string? TypeName { get; }

    public string? Type { get; }

    public string? Format { get; }

    public bool Nullable { get; }

    public bool IntOrString { get; }

    public bool IsQuantity { get; }

    public bool EmbeddedResource { get; }

    public bool PreserveUnknownFields { get; }

    public bool AtomicMap { get; }

    public SchemaListType ListType { get; }

    public IReadOnlyList<string> ListMapKeys { get; }

    public string? PatchMergeKey { get; }

    /// <summary>The comma-separated parts of x-kubernetes-patch-strategy: merge, replace, retainKeys.</summary>
    public IReadOnlyList<string> PatchStrategies { get; }

    public IReadOnlySet<string> Required { get; }

    /// <summary>The schema of metadata where this is the root of a custom resource or an embedded one.</summary>
    public ResourceSchema? Metadata { get; }

    /// <summary>A fresh copy of the default, or null where there is none.</summary>
    public JsonNode? Default => Extension("default")?.DeepClone();

    public bool HasDefault => Extension("default") is not null;

    public IReadOnlyDictionary<string, ResourceSchema> Properties => properties.Value;

    public ResourceSchema? Items => items.Value;

    public ResourceSchema? AdditionalProperties => additionalProperties.Value;

    /// <summary>Objects with any keys: a map, not a struct.</summary>
    public bool IsMap => AdditionalProperties is not null && Properties.Count == 0;

    /// <summary>group, version and kind of the root of a resource; null elsewhere.</summary>
    public (string Group, string Version, string Kind)? Identity { get; private init; }

    /// <summary>The schema of a custom resource's version.</summary>
    /// <param name="openApiV3Schema">The CRD's schema; null where the version has none, which preserves everything.</param>
    /// <param name="metadata">The schema of ObjectMeta, from the built-in documents.</param>
    /// <param name="hasStatusSubresource">Whether the version declares the status subresource.</param>
    public static ResourceSchema FromStructural(JsonObject? openApiV3Schema, ResourceSchema metadata, string group, string version, string kind, bool hasStatusSubresource = false) =>
        new((JsonObject?)openApiV3Schema?.DeepClone() ?? Preserving(), null, null, null, metadata)
        {
            Identity = (group, version, kind),
            DeclaresStatus = hasStatusSubresource,
        };

    /// <summary>The schema of a served version of a custom resource definition, with its subresources.</summary>
    /// <param name="definition">The CustomResourceDefinition.</param>
    /// <param name="version">The name of one of its versions.</param>
    /// <param name="metadata">The schema of ObjectMeta, from the built-in documents.</param>
    public static ResourceSchema ForVersion(JsonObject definition, string version, ResourceSchema metadata)
    {
        var spec = definition["spec"]!;
        var entry = spec["versions"]!.AsArray().First(v => v?["name"].AsText() == version)!;
        var scale = entry.At("subresources", "scale");
        return new(((JsonObject?)entry.At("schema", "openAPIV3Schema"))?.DeepClone() as JsonObject ?? Preserving(), null, null, null, metadata)
        {
            Identity = (spec["group"].AsText() ?? "", version, spec["names"]?["kind"].AsText() ?? ""),
            DeclaresStatus = entry.At("subresources") is JsonObject subresources && subresources.ContainsKey("status"),
            ScaleSpecPath = scale.At("specReplicasPath").AsText(),
            ScaleStatusPath = scale.At("statusReplicasPath").AsText(),
        };
    }

    /// <summary>The dotted path of the desired replicas where a custom resource has a scale subresource.</summary>
    public string? ScaleSpecPath { get; private init; }

    public string? ScaleStatusPath { get; private init; }

    /// <summary>Whether status is written through its own endpoint only. Built-in kinds with a status have one.</summary>
    public bool HasStatusSubresource => IsBuiltIn ? Properties.ContainsKey("status") : DeclaresStatus;

    /// <summary>The schema of an object's field: declared, of a map's values, or <see cref="Any"/> where unknown fields are kept; null if the field is not declared.</summary>
    public ResourceSchema? Field(string name)
    {
        if (Properties.TryGetValue(name, out var declared))
        {
            return declared;
        }

        return AdditionalProperties ?? (PreserveUnknownFields ? Any : null);
    }

    internal ResourceSchema WithIdentity(string group, string version, string kind) =>
        new(Source, wrapper, registry, TypeName, Metadata) { Identity = (group, version, kind) };

    internal JsonNode? Extension(string name) => wrapper?[name] ?? Source[name];

    private bool Flag(string name) => Source[name] is JsonValue value && value.TryGetValue(out bool set) && set;

    private ResourceSchema? Child(JsonNode? node) => node is not JsonObject schema ? null
        : registry is not null ? registry.Resolve(schema)
        : new ResourceSchema(schema, null, null, null, schema["x-kubernetes-embedded-resource"] is JsonValue ? Metadata : null) { InheritedMetadata = Metadata ?? InheritedMetadata };

    private ResourceSchema? InheritedMetadata { get; init; }

    private bool DeclaresStatus { get; init; }

    private Dictionary<string, ResourceSchema> ReadProperties()
    {
        var result = new Dictionary<string, ResourceSchema>(StringComparer.Ordinal);
        foreach (var (name, node) in Source["properties"] as JsonObject ?? [])
        {
            if (Child(node) is { } child)
            {
                result[name] = child;
            }
        }

        var metadata = registry is null && (Metadata is not null || EmbeddedResource) ? Metadata ?? InheritedMetadata : null;
        if (metadata is not null)
        {
            result.TryAdd("apiVersion", Text);
            result.TryAdd("kind", Text);
            result["metadata"] = metadata;
        }

        return result;
    }

    private static JsonObject Preserving() => new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };

    private static ResourceSchema Text => new(new JsonObject { ["type"] = "string" }, null, null, null);

    private (SchemaListType, IReadOnlyList<string>) ReadListType()
    {
        switch ((string?)Extension("x-kubernetes-list-type"))
        {
            case "set":
                return (SchemaListType.Set, []);
            case "map":
                return (SchemaListType.Map, Extension("x-kubernetes-list-map-keys") is JsonArray keys ? keys.Select(k => (string)k!).Order(StringComparer.Ordinal).ToArray() : []);
            case not null:
                return (SchemaListType.Atomic, []);
        }

        // The server derives ownership from the strategic merge strategy where a list has no type of its own.
        return PatchStrategies.Contains("merge") ? PatchMergeKey is { } key ? (SchemaListType.Map, [key]) : (SchemaListType.Set, []) : (SchemaListType.Atomic, []);
    }
}
