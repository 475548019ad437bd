using System.Buffers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// Checks the messages of a chat and writes them as templates expect them: content as one string, developer as system, a function's answer as a tool's, the
/// arguments of calls as objects.
/// </summary>
internal static class ChatMessages
{
    private const int MaxMessages = 4096;
    private static readonly HashSet<string> Roles = new(StringComparer.Ordinal) { "system", "developer", "user", "assistant", "tool", "function" };

    public static JsonDocument Normalize(JsonElement messages, ModelTraits traits)
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
                Write(writer, message, $"messages[{index++}]", traits);
            }

            writer.WriteEndArray();
        }

        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement message, string path, ModelTraits traits)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw RequestFields.Wrong(path, "must be an object");
        }

        if (!message.TryGetProperty("role", out var given) || given.ValueKind != JsonValueKind.String || given.GetString() is not { } role || !Roles.Contains(role))
        {
            throw RequestFields.Wrong($"{path}.role", $"must be one of {string.Join(", ", Roles)}");
        }

        writer.WriteStartObject();
        writer.WriteString("role", role switch { "developer" => "system", "function" => "tool", _ => role });
        var content = message.TryGetProperty("content", out var value) ? Content(value, $"{path}.content") : null;
        writer.WriteString("content", content);
        var calls = role == "assistant" && MessageToolCalls.Write(writer, message, path, traits);
        foreach (var property in message.EnumerateObject())
        {
            WriteOther(writer, property, path, role, traits);
        }

        if (role == "assistant" && message.TryGetProperty("reasoning", out var reasoning) && !message.TryGetProperty("reasoning_content", out _))
        {
            // Servers give it under both names; templates know the longer one.
            writer.WritePropertyName("reasoning_content");
            reasoning.WriteTo(writer);
        }

        writer.WriteEndObject();
        if (content is null && !calls)
        {
            throw RequestFields.Wrong($"{path}.content", "is missing");
        }
    }

    private static void WriteOther(Utf8JsonWriter writer, JsonProperty property, string path, string role, ModelTraits traits)
    {
        switch (property.Name)
        {
            case "role" or "content" or "tool_calls" or "function_call":
                break;
            case "tool_call_id" when role is "tool":
                writer.WriteString("tool_call_id", property.Value.ValueKind == JsonValueKind.String
                    ? MessageToolCalls.Id(property.Value.GetString()!, traits)
                    : throw RequestFields.Wrong($"{path}.tool_call_id", "must be a string"));
                break;
            case "name" when role is "function":
                property.WriteTo(writer);
                writer.WriteString("tool_call_id", MessageToolCalls.Id(property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : "", traits));
                break;
            default:
                property.WriteTo(writer);
                break;
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
