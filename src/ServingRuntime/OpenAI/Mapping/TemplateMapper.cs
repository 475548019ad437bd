using System.Buffers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>What a request may say about the rendering of its prompt: variables of the template, and another template where the server allows it.</summary>
internal static class TemplateMapper
{
    private const int MaxTemplate = 256 * 1024;
    private static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    /// <summary>What the server itself decides. Some engines let a client override it by way of the variables (CVE-2025-62426).</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "messages", "conversation", "tools", "custom_tools", "documents", "chat_template", "tokenize", "add_generation_prompt", "continue_final_message", "padding", "truncation",
        "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask", "tokenizer_kwargs", "raise_exception", "strftime_now", "namespace", "dict", "range", "loop",
    };

    /// <param name="trusted">Whether the server takes templates from its clients.</param>
    public static ChatTemplate? TakeTemplate(RequestFields fields, InputProcessor input, bool trusted)
    {
        if (fields.String("chat_template") is not { } source)
        {
            return null;
        }

        if (!trusted)
        {
            throw fields.Unsupported("chat_template", "'chat_template' is not supported by this server: it was not started with --trust-request-chat-template");
        }

        if (source.Length > MaxTemplate || input.Model.ChatTemplate is not { } own)
        {
            throw fields.Fault("chat_template", $"may have {MaxTemplate} characters at most, and needs a model with a chat template of its own");
        }

        try
        {
            return own.WithSource(source);
        }
        catch (TemplateException e)
        {
            throw fields.Fault("chat_template", $"is malformed: {e.Message}");
        }
    }

    /// <summary>chat_template_kwargs, reasoning_effort and documents, as far as the template reads them.</summary>
    public static JsonElement? TakeVariables(RequestFields fields, ChatTemplate? template)
    {
        var names = template?.Names ?? new HashSet<string>(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            var given = WriteGiven(writer, fields, names);
            WriteEffort(writer, fields, names, given);
            WriteDocuments(writer, fields, names);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static HashSet<string> WriteGiven(Utf8JsonWriter writer, RequestFields fields, IReadOnlySet<string> names)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        if (!fields.TryTake("chat_template_kwargs", out var variables))
        {
            return given;
        }

        if (variables.ValueKind != JsonValueKind.Object)
        {
            throw fields.Fault("chat_template_kwargs", "must be an object");
        }

        foreach (var variable in variables.EnumerateObject())
        {
            if (Reserved.Contains(variable.Name) || variable.Name.EndsWith("_token", StringComparison.Ordinal))
            {
                throw fields.Fault("chat_template_kwargs", $"may not set '{variable.Name}'");
            }

            if (names.Contains(variable.Name) && given.Add(variable.Name))
            {
                variable.WriteTo(writer);
            }
        }

        return given;
    }

    private static void WriteEffort(Utf8JsonWriter writer, RequestFields fields, IReadOnlySet<string> names, HashSet<string> given)
    {
        if (fields.String("reasoning_effort") is not { } effort)
        {
            return;
        }

        if (!Efforts.Contains(effort, StringComparer.Ordinal))
        {
            throw fields.Fault("reasoning_effort", $"must be one of {string.Join(", ", Efforts)}");
        }

        if (names.Contains("reasoning_effort") && !given.Contains("reasoning_effort"))
        {
            writer.WriteString("reasoning_effort", effort);
        }

        if (effort == "none" && names.Contains("enable_thinking") && !given.Contains("enable_thinking"))
        {
            writer.WriteBoolean("enable_thinking", false);
        }
    }

    private static void WriteDocuments(Utf8JsonWriter writer, RequestFields fields, IReadOnlySet<string> names)
    {
        if (!fields.TryTake("documents", out var documents) || (documents.ValueKind == JsonValueKind.Array && documents.GetArrayLength() == 0))
        {
            return;
        }

        if (documents.ValueKind != JsonValueKind.Array || documents.EnumerateArray().Any(d => d.ValueKind != JsonValueKind.Object))
        {
            throw fields.Fault("documents", "must be an array of objects");
        }

        if (!names.Contains("documents"))
        {
            throw fields.Unsupported("documents", "'documents' is not supported: this model's chat template does not read them");
        }

        writer.WritePropertyName("documents");
        documents.WriteTo(writer);
    }
}
