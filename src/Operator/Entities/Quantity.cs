using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.Operator.Entities;

/// <summary>
/// A resource quantity as it was written (<c>250m</c>, <c>1Gi</c>, <c>2</c>). Custom resources keep a number a number, so both forms are read;
/// it is written as text.
/// </summary>
[JsonConverter(typeof(QuantityJsonConverter))]
public readonly record struct Quantity(string Text)
{
    private static readonly IReadOnlyDictionary<string, decimal> Suffixes = new Dictionary<string, decimal>(StringComparer.Ordinal)
    {
        ["n"] = 1e-9m, ["u"] = 1e-6m, ["m"] = 1e-3m, [""] = 1, ["k"] = 1e3m, ["M"] = 1e6m, ["G"] = 1e9m, ["T"] = 1e12m, ["P"] = 1e15m, ["E"] = 1e18m,
        ["Ki"] = 1024m, ["Mi"] = 1048576m, ["Gi"] = 1073741824m, ["Ti"] = 1099511627776m, ["Pi"] = 1125899906842624m, ["Ei"] = 1152921504606846976m,
    };

    /// <summary>The amount in base units (cores, bytes, pieces); false where the text is no quantity.</summary>
    public bool TryGetValue(out decimal value)
    {
        value = 0;
        if (Text is null)
        {
            return false;
        }

        var end = Text.Length;
        while (end > 0 && char.IsAsciiLetter(Text[end - 1]))
        {
            end--;
        }

        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (Suffixes.TryGetValue(Text[end..], out var factor) && decimal.TryParse(Text.AsSpan(0, end), Style, CultureInfo.InvariantCulture, out var number))
        {
            try
            {
                value = number * factor;
                return true;
            }
            catch (OverflowException)
            {
                return false;
            }
        }

        return decimal.TryParse(Text, Style | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    public override string ToString() => Text ?? "";

    private sealed class QuantityJsonConverter : JsonConverter<Quantity>
    {
        public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new Quantity(reader.GetString()!),
            JsonTokenType.Number => new Quantity(JsonElement.ParseValue(ref reader).GetRawText()),
            _ => throw new JsonException($"a quantity is text or a number, not {reader.TokenType}"),
        };

        public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
    }
}
