using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>Reads the keywords of all parts of a conjunction, through $ref and allOf. A keyword that cannot be enforced is refused with its place; annotations are passed over.</summary>
internal sealed class SchemaFactsReader(SchemaDocument document, Grammar.CompileBudget budget)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> path = new(StringComparer.Ordinal);
    private readonly SchemaFacts facts = new();
    private Conjunction conjunction = new();

    /// <exception cref="GrammarException">A keyword is malformed or not supported.</exception>
    public static SchemaFacts Read(SchemaDocument document, Conjunction conjunction, Grammar.CompileBudget budget)
    {
        var reader = new SchemaFactsReader(document, budget) { conjunction = conjunction };
        foreach (var pointer in conjunction.Pointers)
        {
            reader.ReadPart(pointer);
        }

        return reader.facts;
    }

    private void ReadPart(string pointer)
    {
        budget.CheckDepth(path.Count, pointer);
        if (path.Contains(pointer))
        {
            throw new GrammarException($"JSON schema: {pointer} refers to itself without anything between");
        }

        if (!seen.Add(pointer))
        {
            return;
        }

        path.Add(pointer);
        var schema = document.At(pointer);
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                break;
            case JsonValueKind.False:
                facts.IsFalse = true;
                break;
            case JsonValueKind.Object:
                ReadKeywords(new SchemaKeywords(schema, pointer));
                break;
            default:
                throw new GrammarException($"JSON schema: {pointer} is neither an object nor a boolean");
        }

        path.Remove(pointer);
    }

    private void ReadKeywords(SchemaKeywords keywords)
    {
        keywords.RefuseUnsupported();
        budget.Spend(16);
        ReadTypesAndValues(keywords);
        ReadStrings(keywords);
        facts.Bounds.Read(keywords, facts);
        ReadArrays(keywords);
        ReadObjects(keywords);
        if (keywords.Text("$ref") is { } reference)
        {
            ReadPart(document.Resolve(reference, keywords.Pointer));
        }

        foreach (var pointer in keywords.Schemas("allOf"))
        {
            ReadPart(pointer);
        }

        foreach (var name in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            var branches = keywords.Schemas(name);
            if (branches.Count == 0)
            {
                continue;
            }

            var alternatives = SchemaDocument.Child(keywords.Pointer, name);
            if (conjunction.BranchOf(alternatives) is { } taken)
            {
                ReadPart(branches[taken]);
            }
            else
            {
                facts.Open.Add(new SchemaFacts.Alternatives(alternatives, branches.Count, name == "oneOf" && branches.Count > 1));
            }
        }
    }

    private void ReadTypesAndValues(SchemaKeywords keywords)
    {
        facts.Types &= keywords.Types();
        if (keywords.Has("const", out var single))
        {
            Restrict([single]);
        }

        if (keywords.Has("enum", out var values))
        {
            Restrict(values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0 ? [.. values.EnumerateArray()] : throw keywords.Malformed("enum", "a list of values"));
        }
    }

    private void Restrict(List<JsonElement> values)
        => facts.Values = facts.Values is { } before ? [.. before.Where(b => values.Exists(v => JsonElement.DeepEquals(b, v)))] : values;

    private void ReadStrings(SchemaKeywords keywords)
    {
        if (keywords.Count("minLength") is { } least)
        {
            facts.MinLength = Math.Max(facts.MinLength, least);
            facts.Hinted |= JsonTypes.String;
        }

        if (keywords.Count("maxLength") is { } most)
        {
            facts.MaxLength = Math.Min(facts.MaxLength ?? most, most);
            facts.Hinted |= JsonTypes.String;
        }

        if (keywords.Text("pattern") is { } pattern)
        {
            facts.Patterns.Add((pattern, SchemaDocument.Child(keywords.Pointer, "pattern")));
            facts.Hinted |= JsonTypes.String;
        }

        if (keywords.Text("format") is { } format && StringFormats.IsKnown(format))
        {
            facts.Formats.Add((format, SchemaDocument.Child(keywords.Pointer, "format")));
            facts.Hinted |= JsonTypes.String;
        }
    }

    private void ReadArrays(SchemaKeywords keywords)
    {
        var prefix = keywords.Schemas("prefixItems");
        string? rest = null;
        if (keywords.Has("items", out var items))
        {
            // Before 2020-12 a list of items was what prefixItems is now, and additionalItems the rest.
            if (items.ValueKind == JsonValueKind.Array)
            {
                prefix = keywords.Schemas("items");
                rest = keywords.Schema("additionalItems");
            }
            else
            {
                rest = keywords.Schema("items");
            }
        }

        if (prefix.Count > 0 || rest is not null)
        {
            facts.Arrays.Add(new SchemaFacts.ArrayPart(prefix, rest));
            facts.Hinted |= JsonTypes.Array;
        }

        if (keywords.Count("minItems") is { } least)
        {
            facts.MinItems = Math.Max(facts.MinItems, least);
            facts.Hinted |= JsonTypes.Array;
        }

        if (keywords.Count("maxItems") is { } most)
        {
            facts.MaxItems = Math.Min(facts.MaxItems ?? most, most);
            facts.Hinted |= JsonTypes.Array;
        }

        if (keywords.Flag("uniqueItems"))
        {
            facts.UniqueItems = SchemaDocument.Child(keywords.Pointer, "uniqueItems");
            facts.Hinted |= JsonTypes.Array;
        }
    }

    private void ReadObjects(SchemaKeywords keywords)
    {
        var properties = keywords.NamedSchemas("properties");
        var patterns = keywords.NamedSchemas("patternProperties");
        var additional = keywords.Schema("additionalProperties") ?? keywords.Schema("unevaluatedProperties");
        var hinted = properties.Count > 0 || patterns.Count > 0 || additional is not null;
        if (hinted)
        {
            facts.Objects.Add(new SchemaFacts.ObjectPart(properties, patterns, additional));
        }

        foreach (var name in keywords.Texts("required"))
        {
            hinted = true;
            if (!facts.Required.Contains(name))
            {
                facts.Required.Add(name);
            }
        }

        if (keywords.Schema("propertyNames") is { } names)
        {
            hinted = true;
            facts.PropertyNames.Add(names);
        }

        if (keywords.Count("minProperties") is { } least)
        {
            hinted = true;
            facts.MinProperties = Math.Max(facts.MinProperties, least);
        }

        if (keywords.Count("maxProperties") is { } most)
        {
            hinted = true;
            facts.MaxProperties = Math.Min(facts.MaxProperties ?? most, most);
        }

        facts.Hinted |= hinted ? JsonTypes.Object : JsonTypes.None;
    }
}
