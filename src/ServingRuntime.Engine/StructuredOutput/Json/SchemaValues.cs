using System.Text;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>The values of enum and const that satisfy the other keywords beside them.</summary>
internal static class SchemaValues
{
    public static List<JsonElement> Allowed(SchemaFacts facts, string where, CompileBudget budget)
    {
        var texts = facts.ConstrainsStrings && facts.Values!.Exists(v => v.ValueKind == JsonValueKind.String) ? StringLanguage.TextsOf(facts, budget) : null;
        return facts.Values!.FindAll(value =>
        {
            budget.Spend();
            if ((facts.Types & TypeOf(value)) == JsonTypes.None)
            {
                return false;
            }

            return value.ValueKind switch
            {
                JsonValueKind.String => texts is null || StringLanguage.Contains(texts, value.GetString()!),
                JsonValueKind.Number => facts.Bounds.Contains(DecimalNumber.Parse(value.GetRawText(), where)),
                JsonValueKind.Array => facts.Arrays.Count == 0 && facts.MinItems == 0 && facts.MaxItems is null && facts.UniqueItems is null
                    ? true : throw NotBeside(where, "array"),
                JsonValueKind.Object => facts.Objects.Count == 0 && facts.Required.Count == 0 && facts.PropertyNames.Count == 0 && facts.MinProperties == 0 && facts.MaxProperties is null
                    ? true : throw NotBeside(where, "object"),
                _ => true,
            };
        });
    }

    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => DecimalNumber.Parse(value.GetRawText(), "a value").IsInteger ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };

    public static GrammarNode Build(IEnumerable<JsonElement> values)
        => GrammarNode.Any([.. values.Select(Canonical).Distinct(StringComparer.Ordinal).Select(GrammarNode.Text)]);

    /// <summary>The value in the one way in which it is written: no white space, no needless escapes.</summary>
    public static string Canonical(JsonElement value)
    {
        var builder = new StringBuilder();
        Write(value, builder);
        return builder.ToString();
    }

    private static void Write(JsonElement value, StringBuilder builder)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                builder.Append(JsonEscaping.Quote(value.GetString()!));
                break;
            case JsonValueKind.Array:
                builder.Append('[');
                for (var i = 0; i < value.GetArrayLength(); i++)
                {
                    builder.Append(i == 0 ? "" : ",");
                    Write(value[i], builder);
                }

                builder.Append(']');
                break;
            case JsonValueKind.Object:
                var first = true;
                builder.Append('{');
                foreach (var property in value.EnumerateObject())
                {
                    builder.Append(first ? "" : ",").Append(JsonEscaping.Quote(property.Name)).Append(':');
                    Write(property.Value, builder);
                    first = false;
                }

                builder.Append('}');
                break;
            default:
                builder.Append(value.GetRawText());
                break;
        }
    }

    private static GrammarException NotBeside(string where, string kind) => new($"JSON schema: {where}: enum or const with {kind} values is not supported beside {kind} keywords");
}
