using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.Installation.Tests.Charts;

/// <summary>JSON Schema as far as values.schema.json uses it; a keyword that this does not know is an error of the schema.</summary>
internal static class ValuesSchema
{
    public static IReadOnlyList<string> Validate(JsonObject schema, JsonNode? value)
    {
        var errors = new List<string>();
        Check(schema, value, "values", errors);
        return errors;
    }

    /// <summary>Every property with its path and schema, maps that are free left out.</summary>
    public static IEnumerable<(string Path, JsonObject Schema)> Properties(JsonObject schema, string path = "")
    {
        foreach (var (name, inner) in schema["properties"]?.AsObject() ?? [])
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            yield return (at, inner!.AsObject());
            foreach (var deeper in Properties(inner!.AsObject(), at))
            {
                yield return deeper;
            }
        }
    }

    private static void Check(JsonObject schema, JsonNode? value, string path, List<string> errors)
    {
        foreach (var (keyword, argument) in schema)
        {
            var fits = keyword switch
            {
                "$schema" or "title" or "description" => true,
                "type" => IsOf(argument!.GetValue<string>(), value),
                "enum" => argument!.AsArray().Any(a => JsonNode.DeepEquals(a, value)),
                "minimum" => Number(value) is not { } n || n >= argument!.GetValue<long>(),
                "maximum" => Number(value) is not { } n || n <= argument!.GetValue<long>(),
                "pattern" => Text(value) is not { } text || Regex.IsMatch(text, argument!.GetValue<string>(), RegexOptions.None, TimeSpan.FromSeconds(1)),
                "minItems" => value is not JsonArray list || list.Count >= argument!.GetValue<int>(),
                "uniqueItems" => value is not JsonArray list || list.Select(i => i!.ToJsonString()).Distinct(StringComparer.Ordinal).Count() == list.Count,
                "required" => value is not JsonObject map || argument!.AsArray().All(a => map.ContainsKey(a!.GetValue<string>())),
                "additionalProperties" => value is not JsonObject map || map.All(p => schema["properties"]![p.Key] is not null),
                "properties" or "items" => true,
                _ => throw new NotSupportedException($"{path}: {keyword}"),
            };
            if (!fits)
            {
                errors.Add($"{path}: {keyword} {argument!.ToJsonString()}");
            }
        }

        foreach (var (name, inner) in value as JsonObject ?? [])
        {
            if (schema["properties"]?[name] is JsonObject deeper)
            {
                Check(deeper, inner, $"{path}.{name}", errors);
            }
        }

        foreach (var item in (value as JsonArray)?.Where(_ => schema["items"] is not null) ?? [])
        {
            Check(schema["items"]!.AsObject(), item, $"{path}[]", errors);
        }
    }

    private static bool IsOf(string type, JsonNode? value) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => Text(value) is not null,
        "integer" => Number(value) is not null,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        _ => throw new NotSupportedException(type),
    };

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static long? Number(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number && long.TryParse(value.ToJsonString(), out var number) ? number : null;
}
