using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>What keeps an applied configuration from being read with the schema. The real server answers these with 500.</summary>
internal static class TypedValidator
{
    /// <returns>The sentence after 'failed to create typed patch object (...): '; null where the configuration fits.</returns>
    public static string? FindErrors(ResourceSchema schema, JsonObject applied)
    {
        var errors = new List<string>();
        Walk(schema, applied, "", errors);
        return errors.Count switch
        {
            0 => null,
            1 => errors[0],
            _ => "errors:\n" + string.Join("\n", errors.Select(e => "  " + e)),
        };
    }

    private static void Walk(ResourceSchema schema, JsonNode? value, string path, List<string> errors)
    {
        if (value is null)
        {
            return;
        }

        if (schema.IsQuantity || schema.IntOrString)
        {
            if (value is JsonObject or JsonArray)
            {
                errors.Add($"{path}: expected any scalar, got {Printed(value)}");
            }

            return;
        }

        switch (schema.Type)
        {
            case "object":
                if (value is JsonObject obj)
                {
                    WalkFields(schema, obj, path, errors);
                }
                else
                {
                    errors.Add($"{path}: expected map, got &{{{Printed(value)}}}");
                }

                break;
            case "array":
                if (value is JsonArray list)
                {
                    WalkItems(schema, list, path, errors);
                }
                else
                {
                    errors.Add($"{path}: expected list, got &{{{Printed(value)}}}");
                }

                break;
            case "string" when value.Kind() != JsonValueKind.String:
                errors.Add($"{path}: expected string, got {(value is JsonValue ? Printed(value) : GoType(value))}");
                break;
            case "integer" or "number" when value.Kind() != JsonValueKind.Number:
                errors.Add($"{path}: expected numeric (int or float), got {GoType(value)}");
                break;
            case "boolean" when value.Kind() is not (JsonValueKind.True or JsonValueKind.False):
                errors.Add($"{path}: expected boolean, got {GoType(value)}");
                break;
            case null when value is JsonObject free:
                WalkFields(schema, free, path, errors);
                break;
        }
    }

    private static void WalkFields(ResourceSchema schema, JsonObject obj, string path, List<string> errors)
    {
        foreach (var (name, value) in obj)
        {
            if (schema.Field(name) is { } field)
            {
                Walk(field, value, $"{path}.{name}", errors);
            }
            else
            {
                errors.Add($"{path}.{name}: field not declared in schema");
            }
        }
    }

    private static void WalkItems(ResourceSchema schema, JsonArray list, string path, List<string> errors)
    {
        var seen = new HashSet<PathElement>();
        for (var i = 0; i < list.Count; i++)
        {
            var place = path + "[" + i.ToString(CultureInfo.InvariantCulture) + "]";
            if (schema.ListType != SchemaListType.Atomic)
            {
                if (PathElement.OfItem(schema, list[i]) is not { } element)
                {
                    errors.Add($"{path}: element {i.ToString(CultureInfo.InvariantCulture)}: associative list with keys has an element that omits all key fields [{string.Join(" ", schema.ListMapKeys.Select(JsonValues.Quote))}] (and doesn't have default values for any key fields)");
                    continue;
                }

                place = path + element.Display();
                if (!seen.Add(element))
                {
                    errors.Add($"{path}: duplicate entries for key {element.Display()}");
                    continue;
                }
            }

            Walk(schema.Items ?? ResourceSchema.Any, list[i], place, errors);
        }
    }

    private static string Printed(JsonNode value) => value.Print();

    private static string GoType(JsonNode value) => value.Kind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.IsWrittenWhole() ? "int64" : "float64",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "[]interface {}",
        _ => "map[string]interface {}",
    };
}
