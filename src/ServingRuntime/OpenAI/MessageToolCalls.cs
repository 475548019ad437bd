using System.Text.Json;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>The calls of an assistant's message as templates expect them: arguments as the object that their text stands for.</summary>
internal static class MessageToolCalls
{
    private const int MaxCalls = 128;

    /// <summary>tool_calls, or the one call of OpenAI's former function_call.</summary>
    /// <returns>Whether there are any; an empty list is left out, since templates take its mere presence for calls.</returns>
    public static bool Write(Utf8JsonWriter writer, JsonElement message, string path, ModelTraits traits)
    {
        if (message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind != JsonValueKind.Null)
        {
            if (calls.ValueKind != JsonValueKind.Array || calls.GetArrayLength() > MaxCalls)
            {
                throw RequestFields.Wrong($"{path}.tool_calls", $"must be an array of at most {MaxCalls} calls");
            }

            if (calls.GetArrayLength() == 0)
            {
                return false;
            }

            writer.WriteStartArray("tool_calls");
            foreach (var (index, call) in calls.EnumerateArray().Index())
            {
                WriteCall(writer, call, $"{path}.tool_calls[{index}]", traits);
            }

            writer.WriteEndArray();
            return true;
        }

        if (!message.TryGetProperty("function_call", out var single) || single.ValueKind == JsonValueKind.Null)
        {
            return false;
        }

        writer.WriteStartArray("tool_calls");
        writer.WriteStartObject();
        writer.WriteString("id", Id(single.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "", traits));
        writer.WriteString("type", "function");
        WriteFunction(writer, single, $"{path}.function_call", traits);
        writer.WriteEndObject();
        writer.WriteEndArray();
        return true;
    }

    /// <summary>An id as the model's template accepts it.</summary>
    public static string Id(string id, ModelTraits traits) => traits.ToolCalls is MistralFormat ? ToolCallId.Short(id) : id;

    private static void WriteCall(Utf8JsonWriter writer, JsonElement call, string path, ModelTraits traits)
    {
        if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out var function))
        {
            throw RequestFields.Wrong($"{path}.function", "is missing");
        }

        writer.WriteStartObject();
        if (call.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String)
        {
            writer.WriteString("id", Id(id.GetString()!, traits));
        }

        writer.WriteString("type", "function");
        WriteFunction(writer, function, $"{path}.function", traits);
        writer.WriteEndObject();
    }

    private static void WriteFunction(Utf8JsonWriter writer, JsonElement function, string path, ModelTraits traits)
    {
        if (function.ValueKind != JsonValueKind.Object || !function.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw RequestFields.Wrong($"{path}.name", "is missing");
        }

        writer.WriteStartObject("function");
        writer.WriteString("name", name.GetString());
        WriteArguments(writer, function, $"{path}.arguments", traits.TakesArgumentsAsText);
        writer.WriteEndObject();
    }

    private static void WriteArguments(Utf8JsonWriter writer, JsonElement function, string path, bool asText)
    {
        var given = function.TryGetProperty("arguments", out var arguments) ? arguments : default;
        var text = given.ValueKind switch
        {
            JsonValueKind.String => given.GetString()!,
            JsonValueKind.Object => given.GetRawText(),
            JsonValueKind.Undefined or JsonValueKind.Null => "{}",
            _ => throw RequestFields.Wrong(path, "must be a string of JSON"),
        };
        if (asText)
        {
            writer.WriteString("arguments", text);
            return;
        }

        try
        {
            using var parsed = JsonDocument.Parse(string.IsNullOrWhiteSpace(text) ? "{}" : text);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object)
            {
                writer.WritePropertyName("arguments");
                parsed.RootElement.WriteTo(writer);
                return;
            }
        }
        catch (JsonException)
        {
            throw RequestFields.Wrong(path, "is no valid JSON");
        }

        throw RequestFields.Wrong(path, "must be a JSON object, written as a string");
    }
}
