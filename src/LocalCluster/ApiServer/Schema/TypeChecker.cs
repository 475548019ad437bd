using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Finds values that do not fit the Go struct of a built-in kind, which the real server refuses while decoding (400).</summary>
internal static class TypeChecker
{
    /// <returns>The decoder's sentence, to be prefixed with 'Pod in version "v1" cannot be handled as a Pod: '; null where all types fit or the kind is a custom one.</returns>
    public static string? FindError(ResourceSchema schema, JsonObject obj) =>
        schema.IsBuiltIn ? Check(schema, obj, schema, "") : null;

    /// <param name="schema">The schema of the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="owner">The struct that the value is a field of: Go names it in the error.</param>
    /// <param name="path">The names from the root; list indices and map keys are left out, as Go does.</param>
    private static string? Check(ResourceSchema schema, JsonNode? value, ResourceSchema owner, string path)
    {
        if (value is null)
        {
            return null;
        }

        if (schema.IsQuantity)
        {
            return value.Kind() is JsonValueKind.String or JsonValueKind.Number
                ? ResourceQuantity.TryParse(value.AsText() ?? value.ToJsonString(), out _, out var problem) ? null : problem
                : ResourceQuantity.PatternError;
        }

        if (schema.IntOrString)
        {
            return value.Kind() == JsonValueKind.String || value.IsWrittenWhole() ? null : Mismatch(value, owner, path, "int32");
        }

        switch (schema.Type)
        {
            case "string":
                return value.AsText() is { } text ? CheckFormat(schema, text) : Mismatch(value, owner, path, GoType(schema));
            case "boolean":
                return value.Kind() is JsonValueKind.True or JsonValueKind.False ? null : Mismatch(value, owner, path, "bool");
            case "integer":
                return Whole(schema, value) ? null : Mismatch(value, owner, path, GoType(schema));
            case "number":
                return value.Kind() == JsonValueKind.Number ? null : Mismatch(value, owner, path, "float64");
            case "array":
                return value is JsonArray list
                    ? list.Select(item => Check(schema.Items ?? ResourceSchema.Any, item, owner, path)).FirstOrDefault(e => e is not null)
                    : Mismatch(value, owner, path, GoType(schema));
            case "object":
                return value is JsonObject obj ? CheckObject(schema, obj, owner, path) : Mismatch(value, owner, path, GoType(schema));
            default:
                return null;
        }
    }

    private static string? CheckObject(ResourceSchema schema, JsonObject obj, ResourceSchema owner, string path)
    {
        foreach (var (name, value) in obj)
        {
            var declared = schema.Properties.GetValueOrDefault(name);
            var field = declared ?? schema.AdditionalProperties;
            if (field is null)
            {
                continue;
            }

            var error = declared is null ? Check(field, value, owner, path) : Check(field, value, schema, path.Length == 0 ? name : $"{path}.{name}");
            if (error is not null)
            {
                return error;
            }
        }

        return null;
    }

    private static string? CheckFormat(ResourceSchema schema, string text)
    {
        switch (schema.Format)
        {
            case "byte":
                return Convert.TryFromBase64String(text, new byte[text.Length], out _) ? null : $"illegal base64 data at input byte {BadBase64(text).ToString(CultureInfo.InvariantCulture)}";
            case "date-time":
                return FormatChecker.IsDateTime(text) ? null
                    : $"parsing time {JsonValues.Quote(text)} as \"2006-01-02T15:04:05Z07:00\": cannot parse {JsonValues.Quote(text)} as \"2006\"";
            default:
                return null;
        }
    }

    private static int BadBase64(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!(char.IsAsciiLetterOrDigit(text[i]) || text[i] is '+' or '/' or '='))
            {
                return i;
            }
        }

        return text.Length / 4 * 4;
    }

    private static bool Whole(ResourceSchema schema, JsonNode value) =>
        value.IsWrittenWhole() && (schema.Format != "int32" || (value.AsWhole() is { } whole && whole is >= int.MinValue and <= int.MaxValue));

    private static string Mismatch(JsonNode value, ResourceSchema owner, string path, string type)
    {
        var kind = value.GoKind();
        if (kind == "number" && type is "int32" or "int64" && value.Kind() == JsonValueKind.Number)
        {
            kind = $"number {value.ToJsonString()}";
        }

        return $"json: cannot unmarshal {kind} into Go struct field {StructName(owner)}.{path} of type {type}";
    }

    private static string StructName(ResourceSchema schema) => schema.TypeName is { } name ? name[(name.LastIndexOf('.') + 1)..] : schema.Identity?.Kind ?? "";

    private static string GoType(ResourceSchema schema) => schema switch
    {
        { TypeName: { } name } when schema.Type == "object" => $"{name.Split('.')[^2]}.{StructName(schema)}",
        { Type: "string", Format: "byte" } => "[]uint8",
        { Type: "integer" } => schema.Format ?? "int64",
        { Type: "boolean" } => "bool",
        { Type: "number" } => "float64",
        { Type: "array", Items: { } items } => "[]" + GoType(items),
        { Type: "object", AdditionalProperties: { } values } => "map[string]" + GoType(values),
        { TypeName: { } named } when named.EndsWith("Time", StringComparison.Ordinal) => "string",
        _ => schema.Type ?? "interface {}",
    };
}
