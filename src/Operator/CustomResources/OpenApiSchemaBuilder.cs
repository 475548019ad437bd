using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Octavo.Operator.Entities;

namespace Octavo.Operator.CustomResources;

/// <summary>
/// Turns a record into a structural OpenAPI v3 schema: types by reflection, descriptions from the documentation comments, bounds, defaults
/// and CEL rules from attributes. <c>required</c> members are required fields; everything else may be left out.
/// </summary>
internal sealed class OpenApiSchemaBuilder(XmlDocumentation documentation)
{
    /// <summary>Pattern of a resource quantity, as the API server's own documents give it.</summary>
    private const string QuantityPattern =
        @"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

    /// <summary>Schema of an object: one property for each public property of <paramref name="type"/> but the named ones.</summary>
    public JsonObject BuildObject(Type type, params ReadOnlySpan<string> except)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(p => JsonName(p), StringComparer.Ordinal))
        {
            if (except.Contains(property.Name) || property.GetCustomAttribute<JsonIgnoreAttribute>() is not null || property.GetCustomAttribute<JsonExtensionDataAttribute>() is not null)
            {
                continue;
            }

            properties[JsonName(property)] = BuildProperty(property);
            if (property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
            {
                required.Add((JsonNode)JsonName(property));
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        AddRules(schema, type.GetCustomAttributes<ValidationRuleAttribute>());
        return schema;
    }

    private JsonObject BuildProperty(PropertyInfo property)
    {
        var attribute = property.GetCustomAttribute<SchemaAttribute>();
        var schema = BuildType(property.PropertyType, attribute);
        var description = documentation.SummaryOf(property) ?? documentation.SummaryOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
        if (description is not null)
        {
            schema["description"] = description;
        }

        if (attribute is not null)
        {
            AddBounds(schema, attribute);
        }

        AddRules(schema, property.GetCustomAttributes<ValidationRuleAttribute>());
        return schema;
    }

    private JsonObject BuildType(Type type, SchemaAttribute? attribute)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
        {
            return new JsonObject { ["type"] = "string" };
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return new JsonObject { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        }

        if (type == typeof(bool))
        {
            return new JsonObject { ["type"] = "boolean" };
        }

        if (type == typeof(DateTimeOffset))
        {
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        }

        if (type == typeof(WrittenQuantity))
        {
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
                ["pattern"] = QuantityPattern,
                ["x-kubernetes-int-or-string"] = true,
            };
        }

        if (type == typeof(JsonElement))
        {
            return new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        }

        if (type.IsEnum)
        {
            return new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode)n)]) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new JsonObject { ["type"] = "array", ["items"] = BuildItem(type.GetGenericArguments()[0], attribute) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = BuildItem(type.GetGenericArguments()[1], attribute) };
        }

        return type.IsClass && type.Namespace?.StartsWith("Octavo.", StringComparison.Ordinal) == true
            ? BuildObject(type)
            : throw new NotSupportedException($"no schema for {type}");
    }

    private JsonObject BuildItem(Type type, SchemaAttribute? attribute)
    {
        var item = BuildType(type, attribute: null);
        if (attribute is { ItemMaxLength: not SchemaAttribute.Unset } && type == typeof(string))
        {
            item["maxLength"] = attribute.ItemMaxLength;
        }

        return item;
    }

    private static void AddBounds(JsonObject schema, SchemaAttribute attribute)
    {
        AddNumber("minimum", attribute.Minimum);
        AddNumber("maximum", attribute.Maximum);
        AddNumber("minLength", attribute.MinLength);
        AddNumber("maxLength", attribute.MaxLength);
        AddNumber("minItems", attribute.MinItems);
        AddNumber("maxItems", attribute.MaxItems);
        AddNumber("maxProperties", attribute.MaxProperties);
        Add("pattern", attribute.Pattern);
        Add("x-kubernetes-list-type", attribute.ListType);
        Add("x-kubernetes-map-type", attribute.MapType);
        AddStrings("enum", attribute.Enum);
        AddStrings("x-kubernetes-list-map-keys", attribute.ListMapKeys);
        if (attribute.DefaultJson is not null)
        {
            schema["default"] = JsonNode.Parse(attribute.DefaultJson);
        }

        void AddNumber(string name, long value)
        {
            if (value != SchemaAttribute.Unset)
            {
                schema[name] = value;
            }
        }

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                schema[name] = value;
            }
        }

        void AddStrings(string name, string[]? values)
        {
            if (values is not null)
            {
                schema[name] = new JsonArray([.. values.Select(v => (JsonNode)v)]);
            }
        }
    }

    private static void AddRules(JsonObject schema, IEnumerable<ValidationRuleAttribute> rules)
    {
        var added = schema["x-kubernetes-validations"] as JsonArray ?? [];
        foreach (var rule in rules)
        {
            var node = new JsonObject { ["rule"] = rule.Rule, ["message"] = rule.Message };
            if (rule.Reason is not null)
            {
                node["reason"] = rule.Reason;
            }

            if (rule.FieldPath is not null)
            {
                node["fieldPath"] = rule.FieldPath;
            }

            added.Add((JsonNode)node);
        }

        if (added.Count > 0 && added.Parent is null)
        {
            schema["x-kubernetes-validations"] = added;
        }
    }

    private static string JsonName(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);
}
