using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Embeddings;

/// <summary>The answer of /v1/embeddings.</summary>
internal sealed record EmbeddingsResponse
{
    public required string Id { get; init; }
    public string Object => "list";
    public required long Created { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<EmbeddingItem> Data { get; init; }
    public required EmbeddingsUsage Usage { get; init; }
}

internal sealed record EmbeddingsUsage(int PromptTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

/// <param name="Index">Which input.</param>
/// <param name="Embedding">Its vector.</param>
internal sealed record EmbeddingItem(int Index, EmbeddingVector Embedding)
{
    public string Object => "embedding";
}

/// <param name="Values">[dimensions].</param>
/// <param name="Base64">Whether it is written as base64 of little-endian float32, as the openai clients ask for, instead of numbers.</param>
[JsonConverter(typeof(EmbeddingVectorConverter))]
internal sealed record EmbeddingVector(float[] Values, bool Base64);

/// <summary>Writes an array of numbers or a string.</summary>
internal sealed class EmbeddingVectorConverter : JsonConverter<EmbeddingVector>
{
    public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("vectors are written, never read");

    public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
    {
        if (value.Base64)
        {
            var bytes = new byte[value.Values.Length * sizeof(float)];
            for (var i = 0; i < value.Values.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), value.Values[i]);
            }

            writer.WriteBase64StringValue(bytes);
            return;
        }

        writer.WriteStartArray();
        foreach (var element in value.Values)
        {
            writer.WriteNumberValue(element);
        }

        writer.WriteEndArray();
    }
}
