using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.KubernetesClient;

namespace Octavo.Operator.Entities;

/// <summary>
/// A resource quantity as its author wrote it (<c>250m</c>, <c>1Gi</c>, <c>2</c>): the text goes into pod templates unchanged, so that no
/// reading of ours changes a template. Custom resources keep a number a number, so both forms are read; it is written as text.
/// </summary>
[JsonConverter(typeof(WrittenQuantityJsonConverter))]
public readonly record struct WrittenQuantity(string Text)
{
    /// <summary>CEL: more than nothing. A quantity may be written as a number, so it is read by its text.</summary>
    internal const string Positive = "quantity(string(self)).isGreaterThan(quantity('0'))";

    /// <summary>The amount; false where the text is no quantity (the schema's pattern lets a few such texts through).</summary>
    public bool TryGetAmount(out ResourceQuantity amount) => ResourceQuantity.TryParse(Text, out amount);

    public override string ToString() => Text ?? "";

    private sealed class WrittenQuantityJsonConverter : JsonConverter<WrittenQuantity>
    {
        public override WrittenQuantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new WrittenQuantity(reader.GetString()!),
            JsonTokenType.Number => new WrittenQuantity(JsonElement.ParseValue(ref reader).GetRawText()),
            _ => throw new JsonException($"a quantity is text or a number, not {reader.TokenType}"),
        };

        public override void Write(Utf8JsonWriter writer, WrittenQuantity value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
    }
}
