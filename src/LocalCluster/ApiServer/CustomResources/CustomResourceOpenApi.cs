using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>The OpenAPI v3 document of a group version that custom resource definitions serve.</summary>
internal static class CustomResourceOpenApi
{
    private const string Reference = "#/components/schemas/";
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private const string Conventions = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";

    private static readonly string[] PatchTypes = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
    private static readonly string[] AnswerTypes = ["application/json", "application/yaml"];

    /// <param name="group">The group.</param>
    /// <param name="version">A served version of it.</param>
    /// <param name="definitions">The established definitions of the group that serve the version.</param>
    /// <param name="metaComponents">components.schemas of any built-in document, for the meta.v1 types.</param>
    public static JsonObject Build(string group, string version, IEnumerable<JsonObject> definitions, JsonObject metaComponents)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var definition in definitions)
        {
            var entry = (definition.At("spec", "versions") as JsonArray ?? []).OfType<JsonObject>().First(v => v["name"].AsText() == version);
            var names = (JsonObject)definition.At("spec", "names")!;
            var kind = names["kind"].AsText()!;
            var prefix = string.Join('.', group.Split('.').Reverse()) + "." + version + ".";
            schemas[prefix + kind] = Kind(group, version, kind, entry);
            schemas[prefix + (names["listKind"].AsText() ?? kind + "List")] = ListKind(group, version, names, Reference + prefix + kind);
            Paths(paths, group, version, definition, entry, prefix);
        }

        Include(schemas, metaComponents, [Meta + "ObjectMeta", Meta + "ListMeta", Meta + "Patch", Meta + "DeleteOptions", Meta + "Status"]);
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes CRD Swagger", ["version"] = "v0.1.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonObject Kind(string group, string version, string kind, JsonObject entry)
    {
        var schema = (entry.At("schema", "openAPIV3Schema") as JsonObject)?.DeepClone() as JsonObject ?? new JsonObject { ["type"] = "object" };
        Publishable(schema);
        var properties = schema.Ensure("properties");
        properties["apiVersion"] = Text("APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: " + Conventions + "#resources");
        properties["kind"] = Text("Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: " + Conventions + "#types-kinds");
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Standard object's metadata. More info: " + Conventions + "#metadata",
            ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = Reference + Meta + "ObjectMeta" }),
        };
        schema["x-kubernetes-group-version-kind"] = new JsonArray(Identity(group, version, kind));
        if (entry["selectableFields"] is JsonArray { Count: > 0 } fields)
        {
            schema["x-kubernetes-selectable-fields"] = new JsonArray(fields.Select(f => (JsonNode)new JsonObject { ["fieldPath"] = (f?["jsonPath"].AsText() ?? "").TrimStart('.') }).ToArray());
        }

        return schema;
    }

    /// <summary>Spells out what OpenAPI has no word for.</summary>
    private static void Publishable(JsonObject schema)
    {
        if (schema["x-kubernetes-int-or-string"].IsTrue())
        {
            schema["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
        }

        foreach (var child in (schema["properties"] as JsonObject ?? []).Select(p => p.Value).Append(schema["items"]).Append(schema["additionalProperties"]).OfType<JsonObject>())
        {
            Publishable(child);
        }
    }

    private static JsonObject ListKind(string group, string version, JsonObject names, string itemReference)
    {
        var kind = names["kind"].AsText()!;
        var listKind = names["listKind"].AsText() ?? kind + "List";
        return new JsonObject
        {
            ["description"] = $"{listKind} is a list of {kind}",
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = Text("APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: " + Conventions + "#resources"),
                ["items"] = new JsonObject
                {
                    ["description"] = $"List of {names["plural"].AsText()}. More info: {Conventions}",
                    ["type"] = "array",
                    ["items"] = new JsonObject { ["$ref"] = itemReference },
                },
                ["kind"] = Text("Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: " + Conventions + "#types-kinds"),
                ["metadata"] = new JsonObject
                {
                    ["description"] = "Standard list metadata. More info: " + Conventions + "#types-kinds",
                    ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = Reference + Meta + "ListMeta" }),
                },
            },
            ["x-kubernetes-group-version-kind"] = new JsonArray(Identity(group, version, listKind)),
        };
    }

    private static void Paths(JsonObject paths, string group, string version, JsonObject definition, JsonObject entry, string prefix)
    {
        var names = (JsonObject)definition.At("spec", "names")!;
        var kind = names["kind"].AsText()!;
        var plural = names["plural"].AsText()!;
        var namespaced = definition.At("spec", "scope").AsText() == "Namespaced";
        var item = Reference + prefix + kind;
        var list = Reference + prefix + (names["listKind"].AsText() ?? kind + "List");
        var root = $"/apis/{group}/{version}/";
        var collection = root + (namespaced ? "namespaces/{namespace}/" : "") + plural;

        JsonObject Operation(string action, string verb, string answer, string? body = null) => DefinitionOperations.Build(action, verb, answer, body, Identity(group, version, kind), PatchTypes, AnswerTypes);

        paths[collection] = new JsonObject
        {
            ["get"] = Operation("list", "get", list),
            ["post"] = Operation("post", "post", item, item),
            ["delete"] = Operation("deletecollection", "delete", Reference + Meta + "Status"),
        };
        paths[collection + "/{name}"] = new JsonObject
        {
            ["get"] = Operation("get", "get", item),
            ["put"] = Operation("put", "put", item, item),
            ["patch"] = Operation("patch", "patch", item, Reference + Meta + "Patch"),
            ["delete"] = Operation("delete", "delete", Reference + Meta + "Status", Reference + Meta + "DeleteOptions"),
        };
        if (entry.At("subresources") is JsonObject subresources && subresources.ContainsKey("status"))
        {
            paths[collection + "/{name}/status"] = new JsonObject
            {
                ["get"] = Operation("get", "get", item),
                ["put"] = Operation("put", "put", item, item),
                ["patch"] = Operation("patch", "patch", item, Reference + Meta + "Patch"),
            };
        }

        if (namespaced)
        {
            paths[root + plural] = new JsonObject { ["get"] = Operation("list", "get", list) };
        }
    }

    /// <summary>Copies components and all that they refer to.</summary>
    private static void Include(JsonObject schemas, JsonObject components, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (schemas.ContainsKey(name) || components[name] is not JsonObject component)
            {
                continue;
            }

            schemas[name] = component.DeepClone();
            Include(schemas, components, References(component).ToList());
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject obj => obj.SelectMany(p => p.Key == "$ref" && p.Value.AsText() is { } target ? [target[Reference.Length..]] : References(p.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    private static JsonObject Identity(string group, string version, string kind) => new() { ["group"] = group, ["kind"] = kind, ["version"] = version };

    private static JsonObject Text(string description) => new() { ["description"] = description, ["type"] = "string" };
}
