using System.Buffers;
using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>
/// The input of a response as the messages of a chat: instructions as a system message, calls as an assistant's, their outputs as a tool's; reasoning goes with the
/// assistant's message that follows it.
/// </summary>
internal static class ResponsesInput
{
    /// <returns>The messages, and for each the place in the input that it came from.</returns>
    public static (JsonElement Messages, IReadOnlyList<string> Places) ToMessages(RequestFields fields, string? instructions)
    {
        if (!fields.TryTake("input", out var input))
        {
            throw fields.Fault("input", "is missing");
        }

        var messages = new List<(string Place, Dictionary<string, object> Members)>();
        if (instructions is { Length: > 0 })
        {
            messages.Add(("instructions", new() { ["role"] = "system", ["content"] = instructions }));
        }

        if (input.ValueKind == JsonValueKind.String)
        {
            messages.Add(("input", new() { ["role"] = "user", ["content"] = input }));
        }
        else if (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0)
        {
            string? reasoning = null;
            foreach (var (index, item) in input.EnumerateArray().Index())
            {
                var place = $"input[{index}]";
                Add(messages, fields.Inner(place, item), item, place, ref reasoning);
            }
        }
        else
        {
            throw fields.Fault("input", "must be a string or an array with at least one item");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, messages.Select(m => (object)m.Members).ToList());
        }

        return (JsonElement.Parse(buffer.WrittenSpan), [.. messages.Select(m => m.Place)]);
    }

    private static void Add(List<(string Place, Dictionary<string, object> Members)> messages, RequestFields item, JsonElement given, string place, ref string? reasoning)
    {
        switch (item.String("type"))
        {
            case null or "message":
                var message = new Dictionary<string, object>(StringComparer.Ordinal) { ["role"] = item.String("role") ?? throw item.Fault("role", "is missing") };
                if (item.TryTake("content", out var content))
                {
                    message["content"] = content;
                }

                TakeReasoning(message, ref reasoning);
                messages.Add((place, message));
                break;
            case "function_call":
                AddCall(messages, item, place, ref reasoning);
                break;
            case "function_call_output":
                messages.Add((place, new(StringComparer.Ordinal)
                {
                    ["role"] = "tool",
                    ["tool_call_id"] = item.String("call_id") ?? throw item.Fault("call_id", "is missing"),
                    ["content"] = item.TryTake("output", out var output) ? output : throw item.Fault("output", "is missing"),
                }));
                break;
            case "reasoning":
                reasoning = string.Concat(Texts(given, "content").Concat(Texts(given, "summary")));
                break;
            case "item_reference":
                throw item.Unsupported("type", "this server keeps no items: send them whole instead of an item_reference");
            case var other:
                throw item.Unsupported("type", $"input of type '{other}' is not supported by this server");
        }
    }

    /// <summary>Calls that follow one another, or an assistant's words, are one message.</summary>
    private static void AddCall(List<(string Place, Dictionary<string, object> Members)> messages, RequestFields item, string place, ref string? reasoning)
    {
        var call = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["id"] = item.String("call_id") ?? throw item.Fault("call_id", "is missing"),
            ["type"] = "function",
            ["function"] = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["name"] = item.String("name") ?? throw item.Fault("name", "is missing"),
                ["arguments"] = item.String("arguments") ?? "{}",
            },
        };
        if (messages.Count > 0 && messages[^1].Members["role"] is "assistant")
        {
            var last = messages[^1].Members;
            if (!last.TryGetValue("tool_calls", out var calls))
            {
                last["tool_calls"] = calls = new List<object>();
            }

            ((List<object>)calls).Add(call);
            return;
        }

        var message = new Dictionary<string, object>(StringComparer.Ordinal) { ["role"] = "assistant", ["tool_calls"] = new List<object> { call } };
        TakeReasoning(message, ref reasoning);
        messages.Add((place, message));
    }

    private static void TakeReasoning(Dictionary<string, object> message, ref string? reasoning)
    {
        if (reasoning is { Length: > 0 } && message["role"] is "assistant")
        {
            message["reasoning_content"] = reasoning;
        }

        reasoning = null;
    }

    private static IEnumerable<string> Texts(JsonElement item, string member)
        => item.TryGetProperty(member, out var parts) && parts.ValueKind == JsonValueKind.Array
            ? parts.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object && p.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String)
                .Select(p => p.GetProperty("text").GetString()!)
            : [];

    private static void Write(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case JsonElement element:
                element.WriteTo(writer);
                break;
            case List<object> list:
                writer.WriteStartArray();
                list.ForEach(item => Write(writer, item));
                writer.WriteEndArray();
                break;
            case Dictionary<string, object> members:
                writer.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    writer.WritePropertyName(name);
                    Write(writer, member);
                }

                writer.WriteEndObject();
                break;
            default:
                writer.WriteStringValue((string)value);
                break;
        }
    }
}
