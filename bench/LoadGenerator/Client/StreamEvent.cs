using System.Text;
using System.Text.Json;

namespace Octavo.LoadGenerator.Client;

/// <summary>What one event of a stream means; read without building a document, once for each token of every stream.</summary>
internal readonly record struct StreamEvent
{
    /// <summary>It brought text, or ended a choice.</summary>
    public bool HasText { get; private init; }

    /// <summary>It is <c>[DONE]</c>.</summary>
    public bool IsDone { get; private init; }

    /// <summary>The message of an error event.</summary>
    public string? Error { get; private init; }

    /// <summary>Token counts, where it carries them.</summary>
    public TokenUsage? Usage { get; private init; }

    /// <summary>The server's own figure for the time in its queue, in milliseconds, where it tells (<c>metrics.queue_time_ms</c>).</summary>
    public double? QueueMilliseconds { get; private init; }

    /// <param name="data">An event's data, UTF-8.</param>
    /// <param name="text">Gets the text that the event brings; null: nobody wants it.</param>
    /// <exception cref="JsonException">The data is no JSON object.</exception>
    public static StreamEvent Parse(ReadOnlySpan<byte> data, StringBuilder? text = null)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            return new StreamEvent { IsDone = true };
        }

        var result = default(StreamEvent);
        var reader = new Utf8JsonReader(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an event's data is no JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                result = result with { HasText = ReadChoices(ref reader, text) };
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                result = result with { Usage = TokenUsage.Read(ref reader) ?? result.Usage };
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                result = result with { Error = ReadError(ref reader) };
            }
            else if (reader.ValueTextEquals("metrics"u8))
            {
                result = result with { QueueMilliseconds = ReadQueueTime(ref reader) };
            }
            else
            {
                SkipValue(ref reader);
            }
        }

        // A second value after the first, or garbage.
        reader.Read();
        return result;
    }

    internal static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static bool ReadChoices(ref Utf8JsonReader reader, StringBuilder? text)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        var found = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            found |= ReadParts(ref reader, text, nested: false);
        }

        return found;
    }

    /// <summary>A choice, or the delta or message in it.</summary>
    private static bool ReadParts(ref Utf8JsonReader reader, StringBuilder? text, bool nested)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        var found = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!nested && (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8)))
            {
                reader.Read();
                found |= ReadParts(ref reader, text, nested: true);
            }
            else if (reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                var brings = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
                if (brings)
                {
                    text?.Append(reader.GetString());
                }

                found |= brings;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("reasoning_content"u8) || (!nested && reader.ValueTextEquals("finish_reason"u8)))
            {
                reader.Read();
                found |= reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
                reader.Skip();
            }
            else if (nested && reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                found |= reader.TokenType == JsonTokenType.StartArray;
                reader.Skip();
            }
            else
            {
                SkipValue(ref reader);
            }
        }

        return found;
    }

    private static string? ReadError(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        using var document = JsonDocument.ParseValue(ref reader);
        var error = document.RootElement;
        return error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) ? message.ToString() : error.ToString();
    }

    private static double? ReadQueueTime(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        double? queue = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("queue_time_ms"u8);
            reader.Read();
            queue = wanted && reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : queue;
            reader.Skip();
        }

        return queue;
    }
}
