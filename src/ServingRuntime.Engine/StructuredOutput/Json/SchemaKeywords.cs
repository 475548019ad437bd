using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>The keywords of one schema object, read strictly: a keyword of the wrong kind is refused with its place.</summary>
internal sealed class SchemaKeywords(JsonElement schema, string pointer)
{
    private static readonly string[] NeverSupported =
    [
        "not", "if", "dependentSchemas", "dependentRequired", "dependencies", "contains", "minContains", "maxContains", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    ];

    public string Pointer => pointer;

    public bool Has(string name, out JsonElement value) => schema.TryGetProperty(name, out value);

    /// <exception cref="GrammarException">A keyword is present that no grammar here can enforce.</exception>
    public void RefuseUnsupported()
    {
        foreach (var name in NeverSupported)
        {
            if (schema.TryGetProperty(name, out _))
            {
                throw new GrammarException($"JSON schema: {SchemaDocument.Child(pointer, name)} is not supported");
            }
        }

        if (schema.TryGetProperty("unevaluatedProperties", out _))
        {
            foreach (var name in (ReadOnlySpan<string>)["$ref", "allOf", "anyOf", "oneOf", "additionalProperties"])
            {
                if (schema.TryGetProperty(name, out _))
                {
                    throw new GrammarException($"JSON schema: {SchemaDocument.Child(pointer, "unevaluatedProperties")} is not supported beside {name}");
                }
            }
        }
    }

    public JsonTypes Types()
    {
        if (!Has("type", out var type))
        {
            return JsonTypes.All;
        }

        var types = type.ValueKind == JsonValueKind.Array && type.GetArrayLength() > 0
            ? type.EnumerateArray().Aggregate(JsonTypes.None, (all, one) => all | TypeOf(one))
            : TypeOf(type);
        return Flag("nullable") ? types | JsonTypes.Null : types;
    }

    public bool Flag(string name) => Has(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Malformed(name, "true or false"),
    };

    public string? Text(string name) => !Has(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Malformed(name, "a string");

    public int? Count(string name)
    {
        if (!Has(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= 0 && Math.Floor(number) == number
            ? (int)Math.Min(number, int.MaxValue / 2)
            : throw Malformed(name, "a number of things");
    }

    public DecimalNumber? Number(string name) => !Has(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? DecimalNumber.Parse(value.GetRawText(), SchemaDocument.Child(pointer, name))
        : throw Malformed(name, "a number");

    public IReadOnlyList<string> Texts(string name)
    {
        if (!Has(name, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(v => v.GetString()!)]
            : throw Malformed(name, "a list of strings");
    }

    /// <summary>Pointer of a subschema; null where the keyword is absent.</summary>
    public string? Schema(string name) => Has(name, out var value)
        ? value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False ? SchemaDocument.Child(pointer, name) : throw Malformed(name, "a schema")
        : null;

    /// <summary>Pointers of a list of subschemas; empty where the keyword is absent.</summary>
    public IReadOnlyList<string> Schemas(string name)
    {
        if (!Has(name, out var value))
        {
            return [];
        }

        var list = SchemaDocument.Child(pointer, name);
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? [.. Enumerable.Range(0, value.GetArrayLength()).Select(i => $"{list}/{i}")]
            : throw Malformed(name, "a list of schemas");
    }

    /// <summary>Names and pointers of an object of subschemas, in the order given.</summary>
    public IReadOnlyList<(string Name, string Pointer)> NamedSchemas(string name)
    {
        if (!Has(name, out var value))
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(name, "an object of schemas");
        }

        var parent = SchemaDocument.Child(pointer, name);
        return [.. value.EnumerateObject().Select(p => p.Name).Distinct(StringComparer.Ordinal).Select(n => (n, SchemaDocument.Child(parent, n)))];
    }

    public GrammarException Malformed(string name, string expected) => new($"JSON schema: {SchemaDocument.Child(pointer, name)} is not {expected}");

    private JsonTypes TypeOf(JsonElement name) => (name.ValueKind == JsonValueKind.String ? name.GetString() : null) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw Malformed("type", "null, boolean, integer, number, string, array or object, or a list of these"),
    };
}
