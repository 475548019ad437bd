using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Client;

/// <summary>A request as JSON, UTF-8.</summary>
internal static class RequestBody
{
    public static ReadOnlyMemory<byte> Render(ServeOptions options, string model, BenchRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("model", model);
        switch (options.EndpointKind)
        {
            case EndpointKind.Embeddings:
                WritePrompt(writer, "input", request);
                break;
            case EndpointKind.ChatCompletions:
                writer.WriteStartArray("messages");
                foreach (var message in request.Messages)
                {
                    writer.WriteStartObject();
                    writer.WriteString("role", message.Role);
                    writer.WriteString("content", message.Content);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                WriteGeneration(writer, options, request);
                break;
            default:
                WritePrompt(writer, "prompt", request);
                WriteGeneration(writer, options, request);
                break;
        }

        foreach (var (name, value) in options.ExtraBody ?? new JsonObject())
        {
            writer.WritePropertyName(name);
            if (value is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                value.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WritePrompt(Utf8JsonWriter writer, string name, BenchRequest request)
    {
        if (request.TokenIds is { } ids)
        {
            writer.WriteStartArray(name);
            foreach (var id in ids)
            {
                writer.WriteNumberValue(id);
            }

            writer.WriteEndArray();
        }
        else
        {
            writer.WriteString(name, request.Messages.Count == 1 ? request.Messages[0].Content : string.Join('\n', request.Messages.Select(m => m.Content)));
        }
    }

    private static void WriteGeneration(Utf8JsonWriter writer, ServeOptions options, BenchRequest request)
    {
        writer.WriteNumber("max_tokens", request.MaxTokens);
        if (options.Stream)
        {
            writer.WriteBoolean("stream", true);
            writer.WriteStartObject("stream_options");
            writer.WriteBoolean("include_usage", true);
            writer.WriteEndObject();
        }

        if (options.IgnoreEos)
        {
            writer.WriteBoolean("ignore_eos", true);
        }

        if (options.Temperature is { } temperature)
        {
            writer.WriteNumber("temperature", temperature);
        }
    }
}
