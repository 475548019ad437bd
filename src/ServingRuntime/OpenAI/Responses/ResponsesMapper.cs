using System.Buffers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>
/// A responses request as a chat request: the same checks, the same prompt, the same parsers. What is said differently is translated, and faults are told in
/// the words of the request as it came. What would need the server to remember is refused: it keeps nothing.
/// </summary>
internal sealed class ResponsesMapper(RequestMapper mapper)
{
    private static readonly HashSet<string> Translated = new(StringComparer.Ordinal)
    {
        "input", "instructions", "max_output_tokens", "text", "tools", "tool_choice", "reasoning", "include", "top_logprobs", "store", "previous_response_id", "conversation",
        "background", "truncation", "prompt", "stream_options", "max_tool_calls", "messages", "n", "logprobs", "response_format", "max_tokens", "max_completion_tokens", "functions", "function_call",
    };

    /// <exception cref="ApiException">404 for a model that is not served.</exception>
    /// <exception cref="InvalidRequestException">Anything else that is wrong.</exception>
    public async Task<ResponsesRequest> MapAsync(JsonElement body, LoadedModel model, CancellationToken cancellationToken)
    {
        var fields = new RequestFields(body);
        RefuseMemory(fields);
        var instructions = fields.String("instructions");
        var (messages, places) = ResponsesInput.ToMessages(fields, instructions);
        var reasoning = fields.TryTake("reasoning", out var given) ? fields.Inner("reasoning", given) : null;
        var effort = reasoning?.String("effort");
        var wantsLogprobs = fields.Strings("include", 16, 64).Contains("message.output_text.logprobs", StringComparer.Ordinal);
        var topLogprobs = fields.Integer("top_logprobs", 0);
        var text = fields.TryTake("text", out var textGiven) ? textGiven.Clone() : JsonElement.Parse("""{"format":{"type":"text"}}"""u8);
        var maxOutputTokens = fields.Integer("max_output_tokens", 1);

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("messages");
            messages.WriteTo(writer);
            WriteNumber(writer, "max_completion_tokens", maxOutputTokens);
            if (effort is not null)
            {
                writer.WriteString("reasoning_effort", effort);
            }

            if (wantsLogprobs || topLogprobs > 0)
            {
                writer.WriteBoolean("logprobs", true);
                WriteNumber(writer, "top_logprobs", topLogprobs);
            }

            if (fields.TryTake("text", out _) && fields.Inner("text", text).TryTake("format", out var format))
            {
                writer.WritePropertyName("response_format");
                format.WriteTo(writer);
            }

            WriteTools(writer, fields);
            foreach (var member in body.EnumerateObject().Where(m => !Translated.Contains(m.Name)))
            {
                member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        using var chat = JsonDocument.Parse(buffer.WrittenMemory);
        ChatCompletionRequest request;
        try
        {
            request = await mapper.MapChatAsync(chat.RootElement, model, cancellationToken);
        }
        catch (InvalidRequestException e)
        {
            throw InTheWordsOfTheRequest(e, places);
        }

        return new ResponsesRequest
        {
            Chat = request,
            Instructions = instructions,
            MaxOutputTokens = maxOutputTokens,
            Effort = effort,
            Text = text,
            TopLogprobs = topLogprobs ?? 0,
            ToolChoice = fields.TryTake("tool_choice", out var choice) ? choice.Clone() : JsonElement.Parse("\"auto\""u8),
            Tools = fields.TryTake("tools", out var tools) ? tools.Clone() : JsonElement.Parse("[]"u8),
            ParallelToolCalls = fields.Flag("parallel_tool_calls") ?? true,
            Metadata = fields.TryTake("metadata", out var metadata) ? metadata.Clone() : JsonElement.Parse("{}"u8),
            User = fields.String("user"),
        };
    }

    private static void RefuseMemory(RequestFields fields)
    {
        foreach (var name in (ReadOnlySpan<string>)["previous_response_id", "conversation", "prompt"])
        {
            if (fields.TryTake(name, out _))
            {
                throw fields.Unsupported(name, $"'{name}' is not supported: this server keeps no responses, conversations or prompts; send the whole input");
            }
        }

        if (fields.Flag("store") == true)
        {
            throw fields.Unsupported("store", "'store' is not supported: this server keeps no responses");
        }

        if (fields.Flag("background") == true)
        {
            throw fields.Unsupported("background", "'background' is not supported by this server");
        }

        if (fields.String("truncation") is not (null or "disabled"))
        {
            throw fields.Unsupported("truncation", "'truncation' other than disabled is not supported by this server");
        }

        foreach (var name in (ReadOnlySpan<string>)["n", "messages", "functions", "max_tool_calls"])
        {
            if (fields.TryTake(name, out _))
            {
                throw fields.Unsupported(name, $"'{name}' is no field of a response, or not supported by this server");
            }
        }
    }

    /// <summary>The responses API names a function beside its type, the chat API inside it.</summary>
    private static void WriteTools(Utf8JsonWriter writer, RequestFields fields)
    {
        if (fields.TryTake("tools", out var tools))
        {
            if (tools.ValueKind != JsonValueKind.Array)
            {
                throw fields.Fault("tools", "must be an array");
            }

            writer.WriteStartArray("tools");
            foreach (var tool in tools.EnumerateArray())
            {
                WriteTool(writer, tool);
            }

            writer.WriteEndArray();
        }

        if (fields.TryTake("tool_choice", out var choice))
        {
            writer.WritePropertyName("tool_choice");
            choice.WriteTo(writer);
        }
    }

    private static void WriteTool(Utf8JsonWriter writer, JsonElement tool)
    {
        if (tool.ValueKind != JsonValueKind.Object || tool.TryGetProperty("function", out _) || !tool.TryGetProperty("type", out var type) || !type.ValueEquals("function"))
        {
            tool.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        foreach (var member in tool.EnumerateObject().Where(m => m.Name != "type"))
        {
            member.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static InvalidRequestException InTheWordsOfTheRequest(InvalidRequestException fault, IReadOnlyList<string> places)
    {
        string InOwnWords(string text)
        {
            for (var i = places.Count - 1; i >= 0; i--)
            {
                text = text.Replace($"messages[{i}]", places[i], StringComparison.Ordinal);
            }

            return text.Replace("max_completion_tokens", "max_output_tokens", StringComparison.Ordinal).Replace("response_format.json_schema", "text.format", StringComparison.Ordinal)
                .Replace("response_format", "text.format", StringComparison.Ordinal).Replace("].function.", "].", StringComparison.Ordinal)
                .Replace("tool_choice.function.", "tool_choice.", StringComparison.Ordinal).Replace("reasoning_effort", "reasoning.effort", StringComparison.Ordinal);
        }

        var parameter = fault.Parameter is "messages" ? "input" : fault.Parameter is { } named ? InOwnWords(named) : null;
        return new InvalidRequestException(InOwnWords(fault.Message), parameter, fault.Code);
    }
}
