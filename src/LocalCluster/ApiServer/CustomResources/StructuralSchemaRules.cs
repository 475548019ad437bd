using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>What makes a schema structural: a type everywhere, no references, value rules only inside allOf, anyOf, oneOf and not.</summary>
internal static class StructuralSchemaRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] OnlyAtStructure = ["type", "description", "title", "nullable", "default", "additionalProperties", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"];

    public static void Check(JsonObject schema, string path, List<FieldError> errors)
    {
        var type = schema["type"].AsText() ?? "";
        if (type.Length == 0)
        {
            errors.Add(FieldError.Required($"{path}.type", "must not be empty at the root"));
        }
        else if (type != "object")
        {
            errors.Add(FieldError.Invalid($"{path}.type", JsonValues.Quote(type), "must be object at the root"));
        }

        Node(schema, path, errors);
        foreach (var (name, expected) in new[] { ("apiVersion", "string"), ("kind", "string"), ("metadata", "object") })
        {
            if (schema.At("properties", name) is JsonObject meta && meta["type"].AsText() != expected)
            {
                errors.Add(FieldError.Invalid($"{path}.properties[{name}].type", JsonValues.Quote(meta["type"].AsText() ?? ""), $"must be {expected}"));
            }
        }
    }

    private static void Node(JsonObject schema, string path, List<FieldError> errors)
    {
        var type = schema["type"].AsText() ?? "";
        var free = schema["x-kubernetes-int-or-string"].IsTrue() || schema["x-kubernetes-preserve-unknown-fields"].IsTrue();
        if (type.Length > 0 && !Types.Contains(type))
        {
            errors.Add(FieldError.NotSupported($"{path}.type", JsonValues.Quote(type), Types.Select(JsonValues.Quote)));
        }

        if (schema["$ref"].AsText() is { Length: > 0 })
        {
            errors.Add(FieldError.Forbidden($"{path}.$ref", "$ref is not supported"));
        }

        if (schema["uniqueItems"].IsTrue())
        {
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (schema["additionalProperties"] is { } additional)
        {
            if (additional.Kind() == System.Text.Json.JsonValueKind.False)
            {
                errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties cannot be set to false"));
            }

            if (schema["properties"] is JsonObject { Count: > 0 })
            {
                errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
            }
        }

        if (type == "array" && schema["items"] is not JsonObject)
        {
            errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        }

        if (schema["x-kubernetes-int-or-string"].IsTrue() && type.Length > 0)
        {
            errors.Add(FieldError.Invalid($"{path}.type", JsonValues.Quote(type), "must be empty if x-kubernetes-int-or-string is true"));
        }

        if (schema["x-kubernetes-embedded-resource"].IsTrue() && type != "object")
        {
            errors.Add(FieldError.Invalid($"{path}.type", JsonValues.Quote(type), "must be object if x-kubernetes-embedded-resource is true"));
        }

        ListType(schema, type, path, errors);
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
        {
            Child(node, $"{path}.properties[{name}]", "must not be empty for specified object fields", errors);
        }

        Child(schema["items"], $"{path}.items", "must not be empty for specified array items", errors);
        Child(schema["additionalProperties"], $"{path}.additionalProperties", "must not be empty for specified object fields", errors);
        foreach (var combination in new[] { "allOf", "anyOf", "oneOf" })
        {
            var parts = schema[combination] as JsonArray ?? [];
            for (var i = 0; i < parts.Count; i++)
            {
                ValueRules(parts[i], path + "." + combination + "[" + i.ToString(CultureInfo.InvariantCulture) + "]", free, errors);
            }
        }

        ValueRules(schema["not"], $"{path}.not", free, errors);
        if (schema["default"] is { } value)
        {
            Default(schema, value, $"{path}.default", errors);
        }

        if (schema["pattern"].AsText() is { } pattern)
        {
            try
            {
                _ = new System.Text.RegularExpressions.Regex(pattern, System.Text.RegularExpressions.RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            }
            catch (ArgumentException e)
            {
                errors.Add(FieldError.Invalid($"{path}.pattern", JsonValues.Quote(pattern), $"must be a valid regular expression, but isn't: {e.Message}"));
            }
        }
    }

    private static void Child(JsonNode? node, string path, string typeSentence, List<FieldError> errors)
    {
        if (node is not JsonObject schema)
        {
            return;
        }

        if (schema["type"].AsText() is null or "" && !schema["x-kubernetes-int-or-string"].IsTrue() && !schema["x-kubernetes-preserve-unknown-fields"].IsTrue())
        {
            errors.Add(FieldError.Required($"{path}.type", typeSentence));
        }

        Node(schema, path, errors);
    }

    private static void ListType(JsonObject schema, string type, string path, List<FieldError> errors)
    {
        var listType = schema["x-kubernetes-list-type"].AsText();
        if (listType is null)
        {
            return;
        }

        if (type != "array")
        {
            errors.Add(FieldError.Invalid($"{path}.type", JsonValues.Quote(type), "must be array if x-kubernetes-list-type is specified"));
        }

        if (listType is not ("atomic" or "set" or "map"))
        {
            errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", JsonValues.Quote(listType), ["\"atomic\"", "\"map\"", "\"set\""]));
        }

        if (listType != "map")
        {
            return;
        }

        var keys = schema["x-kubernetes-list-map-keys"] as JsonArray ?? [];
        if (keys.Count == 0)
        {
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }

        for (var i = 0; i < keys.Count; i++)
        {
            var key = keys[i].AsText() ?? "";
            var item = schema.At("items", "properties", key);
            if (item is null)
            {
                errors.Add(FieldError.Invalid(path + ".x-kubernetes-list-map-keys[" + i.ToString(CultureInfo.InvariantCulture) + "]", JsonValues.Quote(key), "entries must all be names of item properties"));
            }
            else if (!(schema.At("items", "required") as JsonArray ?? []).Any(r => r.AsText() == key) && item["default"] is null)
            {
                errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }
        }
    }

    private static void ValueRules(JsonNode? node, string path, bool free, List<FieldError> errors)
    {
        if (node is not JsonObject schema)
        {
            return;
        }

        foreach (var name in OnlyAtStructure.Where(schema.ContainsKey))
        {
            // Under int-or-string the two types are spelled out in anyOf.
            if (!(free && name == "type"))
            {
                errors.Add(FieldError.Forbidden($"{path}.{name}", "must be empty to be structural"));
            }
        }

        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
        {
            ValueRules(child, $"{path}.properties[{name}]", false, errors);
        }

        ValueRules(schema["items"], $"{path}.items", false, errors);
    }

    private static void Default(JsonObject schema, JsonNode value, string path, List<FieldError> errors)
    {
        var wrapper = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["value"] = schema.DeepClone() } };
        var wrapped = new ResourceSchema(wrapper, null, null, null);
        foreach (var error in StructuralValidator.Validate(wrapped, new JsonObject { ["value"] = value.DeepClone() }, null))
        {
            errors.Add(error with { Field = path + (error.Field.StartsWith("value", StringComparison.Ordinal) ? error.Field["value".Length..] : ""), Message = error.Message.Replace("value in body", path + " in body", StringComparison.Ordinal) });
        }
    }
}
