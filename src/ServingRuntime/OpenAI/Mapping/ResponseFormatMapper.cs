using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>
/// response_format (OpenAI), structured_outputs (vLLM) and the guided_ fields (older vLLM): at most one of them. A schema is enforced whether or not it says
/// strict.
/// </summary>
internal static class ResponseFormatMapper
{
    private const int MaxChoices = 1024;
    private const int MaxChoiceLength = 4096;
    private static readonly string[] Kinds = ["json", "regex", "choice", "grammar", "json_object", "structural_tag"];
    private static readonly string[] Guided = ["guided_json", "guided_regex", "guided_choice", "guided_grammar"];

    /// <returns>Null where the text is free.</returns>
    public static OutputConstraint? Take(RequestFields fields)
    {
        var constraints = new List<OutputConstraint>();
        if (fields.TryTake("response_format", out var format))
        {
            Add(constraints, TakeFormat(fields.Inner("response_format", format), "response_format"));
        }

        if (fields.TryTake("structured_outputs", out var structured))
        {
            constraints.Add(TakeStructured(fields.Inner("structured_outputs", structured)));
        }

        // Which library compiles is no client's business here.
        fields.TryTake("guided_decoding_backend", out _);
        fields.TryTake("guided_whitespace_pattern", out _);
        foreach (var name in Guided)
        {
            if (fields.TryTake(name, out var value))
            {
                constraints.Add(new OutputConstraint(Read(fields, name, name["guided_".Length..], value), name));
            }
        }

        return constraints.Count <= 1 ? constraints.FirstOrDefault()
            : throw fields.Fault(constraints[1].Field, $"cannot be combined with '{constraints[0].Field}'");
    }

    /// <summary>{"type": "text" | "json_object" | "json_schema"}: the chat API nests the schema once more than the responses API does.</summary>
    public static OutputConstraint? TakeFormat(RequestFields format, string field)
    {
        switch (format.String("type"))
        {
            case null:
                throw format.Fault("type", "is missing");
            case "text":
                return null;
            case "json_object":
                return new OutputConstraint(new GrammarSpec.JsonObject(), field);
            case "json_schema":
                var inner = format.TryTake("json_schema", out var nested) ? format.Inner("json_schema", nested) : format;
                inner.String("name");
                inner.String("description");
                inner.Flag("strict");
                return inner.TryTake("schema", out var schema)
                    ? new OutputConstraint(Schema(inner, "schema", schema), field)
                    : throw inner.Fault("schema", "is missing");
            case var other:
                throw format.Unsupported("type", $"a {field} of type '{other}' is not supported: text, json_object and json_schema are");
        }
    }

    private static OutputConstraint TakeStructured(RequestFields fields)
    {
        var kinds = Kinds.Where(kind => fields.TryTake(kind, out var value) && value.ValueKind != JsonValueKind.False).ToList();
        if (kinds.Count != 1)
        {
            throw RequestFields.Wrong("structured_outputs", $"must have exactly one of {string.Join(", ", Kinds)}");
        }

        fields.TryTake(kinds[0], out var given);
        var spec = Read(fields, kinds[0], kinds[0], given);
        var compact = fields.Flag("disable_any_whitespace") ?? false;
        return new OutputConstraint(
            spec switch
            {
                GrammarSpec.JsonSchema schema => schema with { DisableAnyWhitespace = compact },
                GrammarSpec.JsonObject json => json with { DisableAnyWhitespace = compact },
                _ => spec,
            },
            $"structured_outputs.{kinds[0]}");
    }

    private static GrammarSpec Read(RequestFields fields, string name, string kind, JsonElement value) => kind switch
    {
        "json" => Schema(fields, name, value),
        "json_object" => new GrammarSpec.JsonObject(),
        "regex" => new GrammarSpec.Regex(fields.String(name)!),
        "grammar" => new GrammarSpec.Ebnf(fields.String(name)!),
        "choice" => new GrammarSpec.Choice(fields.Strings(name, MaxChoices, MaxChoiceLength) is { Count: > 0 } choices ? choices : throw fields.Fault(name, "may not be empty")),
        _ => throw fields.Unsupported(name, $"'{name}' is not supported by this server"),
    };

    /// <summary>A schema as an object, or (older clients) as text.</summary>
    private static GrammarSpec.JsonSchema Schema(RequestFields fields, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False => new GrammarSpec.JsonSchema(value.GetRawText()),
        JsonValueKind.String => new GrammarSpec.JsonSchema(fields.String(name)!),
        _ => throw fields.Fault(name, "must be a JSON schema"),
    };

    private static void Add(List<OutputConstraint> constraints, OutputConstraint? constraint)
    {
        if (constraint is not null)
        {
            constraints.Add(constraint);
        }
    }
}
