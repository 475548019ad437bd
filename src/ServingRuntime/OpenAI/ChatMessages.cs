using System.Buffers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Checks the messages of a chat and writes them as templates expect them: content as one string, developer as system.</summary>
internal static class ChatMessages
{
    private const int MaxMessages = 4096;
    private static readonly HashSet<string> Roles = new(StringComparer.Ordinal) { "system", "developer", "user", "assistant", "tool" };

    public static JsonDocument Normalize(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong("messages", "must be an array with at least one message");
        }

        if (messages.GetArrayLength() > MaxMessages)
        {
            throw RequestFields.Wrong("messages", $"may have {MaxMessages} messages at most");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            var index = 0;
            foreach (var message in messages.EnumerateArray())
            {
                Write(writer, message, $"messages[{index++}]");
            }

            writer.WriteEndArray();
        }

        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement message, string path)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw RequestFields.Wrong(path, "must be an object");
        }

        if (!message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String || !Roles.Contains(role.GetString()!))
        {
            throw RequestFields.Wrong($"{path}.role", $"must be one of {string.Join(", ", Roles)}");
        }

        writer.WriteStartObject();
        var hasContent = false;
        foreach (var property in message.EnumerateObject())
        {
            switch (property.Name)
            {
                case "role":
                    writer.WriteString("role", property.Value.ValueEquals("developer") ? "system" : property.Value.GetString());
                    break;
                case "content":
                    hasContent = property.Value.ValueKind != JsonValueKind.Null;
                    writer.WriteString("content", Content(property.Value, $"{path}.content"));
                    break;
                default:
                    property.WriteTo(writer);
                    break;
            }
        }

        writer.WriteEndObject();
        var mayLackContent = role.ValueEquals("assistant") && message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array;
        if (!hasContent && !mayLackContent)
        {
            throw RequestFields.Wrong($"{path}.content", "is missing");
        }
    }

    /// <summary>A string, or parts of which only text is understood; parts are joined by newlines.</summary>
    private static string? Content(JsonElement content, string path)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return Text(content, path);
            case JsonValueKind.Array:
                return string.Join('\n', content.EnumerateArray().Select((part, index) => Part(part, $"{path}[{index}]")));
            default:
                throw RequestFields.Wrong(path, "must be a string or an array of parts");
        }
    }

    private static string Part(JsonElement part, string path)
    {
        var type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()!
            : throw RequestFields.Wrong(path, "must be an object with a type");
        if (type is not ("text" or "input_text" or "output_text" or "refusal"))
        {
            throw new InvalidRequestException($"content of type '{type}' is not supported: this server takes text only", path, "unsupported_parameter");
        }

        return part.TryGetProperty(type == "refusal" ? "refusal" : "text", out var text) && text.ValueKind == JsonValueKind.String
            ? Text(text, path)
            : throw RequestFields.Wrong(path, "must hold a text");
    }

    private static string Text(JsonElement value, string path)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw RequestFields.Wrong(path, "holds half of a surrogate pair");
        }
    }
}
