using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>vLLM's stop_reason: the stop string, or the id of the stop token, that ended an answer.</summary>
[JsonConverter(typeof(StopReasonConverter))]
internal sealed record StopReason(string? Text, int? TokenId)
{
    public static StopReason? From(RequestOutput output)
        => output.StopString is not null || output.StopTokenId is not null ? new StopReason(output.StopString, output.StopTokenId) : null;
}

/// <summary>Writes a string or a number.</summary>
internal sealed class StopReasonConverter : JsonConverter<StopReason>
{
    public override StopReason Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.Number ? new StopReason(null, reader.GetInt32()) : new StopReason(reader.GetString(), null);

    public override void Write(Utf8JsonWriter writer, StopReason value, JsonSerializerOptions options)
    {
        if (value.Text is { } text)
        {
            writer.WriteStringValue(text);
        }
        else
        {
            writer.WriteNumberValue(value.TokenId.GetValueOrDefault());
        }
    }
}
