using System.Buffers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>tools, tool_choice and parallel_tool_calls.</summary>
internal static class ToolMapper
{
    private const int MaxTools = 128;
    private const int MaxDescription = 64 * 1024;

    public static ToolRequest Take(RequestFields fields)
    {
        RefuseOldNames(fields);
        var parallel = fields.Flag("parallel_tool_calls") ?? true;
        var functions = new List<FunctionTool>();
        var forTemplate = new ArrayBufferWriter<byte>();
        if (fields.TryTake("tools", out var tools))
        {
            if (tools.ValueKind != JsonValueKind.Array || tools.GetArrayLength() > MaxTools)
            {
                throw fields.Fault("tools", $"must be an array of at most {MaxTools} tools");
            }

            using var writer = new Utf8JsonWriter(forTemplate);
            writer.WriteStartArray();
            foreach (var (index, tool) in tools.EnumerateArray().Index())
            {
                functions.Add(TakeTool(fields.Inner($"tools[{index}]", tool), writer, functions));
            }

            writer.WriteEndArray();
        }

        var (choice, named) = TakeChoice(fields, functions);
        if (functions.Count == 0 || choice == ToolChoice.None)
        {
            return ToolRequest.None;
        }

        return new ToolRequest
        {
            Functions = functions, Choice = choice, Named = named, Parallel = parallel && choice != ToolChoice.Named, ForTemplate = JsonElement.Parse(forTemplate.WrittenSpan),
        };
    }

    /// <summary>A tool, written in the order of members that models were trained with, without what only servers read.</summary>
    private static FunctionTool TakeTool(RequestFields tool, Utf8JsonWriter writer, List<FunctionTool> before)
    {
        var type = tool.String("type");
        if (type != "function")
        {
            throw type is null ? tool.Fault("type", "is missing") : tool.Unsupported("type", $"tools of type '{type}' are not supported: this server knows functions");
        }

        if (!tool.TryTake("function", out var given))
        {
            throw tool.Fault("function", "is missing");
        }

        var function = tool.Inner("function", given);
        var name = function.String("name") ?? throw function.Fault("name", "is missing");
        if (!FunctionName.IsValid(name))
        {
            throw function.Fault("name", $"must be 1 to {FunctionName.MaxLength} letters, digits, underscores, dashes and dots");
        }

        if (before.Any(f => f.Name == name))
        {
            throw function.Fault("name", $"repeats '{name}'");
        }

        var description = function.String("description");
        if (description?.Length > MaxDescription)
        {
            throw function.Fault("description", $"may have {MaxDescription} characters at most");
        }

        JsonElement? parameters = function.TryTake("parameters", out var schema)
            ? schema.ValueKind == JsonValueKind.Object ? schema : throw function.Fault("parameters", "must be an object")
            : null;
        var strict = function.Flag("strict") ?? false;

        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", name);
        if (description is not null)
        {
            writer.WriteString("description", description);
        }

        if (parameters is { } known)
        {
            writer.WritePropertyName("parameters");
            known.WriteTo(writer);
        }

        foreach (var other in given.EnumerateObject().Where(m => m.Name is not ("name" or "description" or "parameters" or "strict") && m.Value.ValueKind != JsonValueKind.Null))
        {
            other.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        return new FunctionTool(name, parameters, strict);
    }

    private static (ToolChoice Choice, string? Named) TakeChoice(RequestFields fields, List<FunctionTool> functions)
    {
        if (!fields.TryTake("tool_choice", out var given))
        {
            return (functions.Count > 0 ? ToolChoice.Auto : ToolChoice.None, null);
        }

        if (given.ValueKind == JsonValueKind.String)
        {
            return given.GetString() switch
            {
                "none" => (ToolChoice.None, null),
                "auto" => (ToolChoice.Auto, null),
                "required" => functions.Count > 0 ? (ToolChoice.Required, null) : throw fields.Fault("tool_choice", "is 'required', but there are no 'tools'"),
                _ => throw fields.Fault("tool_choice", "must be none, auto, required, or an object that names a function"),
            };
        }

        var choice = fields.Inner("tool_choice", given);
        if (choice.String("type") is { } type and not "function")
        {
            throw choice.Unsupported("type", $"a tool_choice of type '{type}' is not supported by this server");
        }

        // The chat API nests the name, the responses API does not.
        var name = choice.TryTake("function", out var function) ? choice.Inner("function", function).String("name") : choice.String("name");
        return name is null ? throw choice.Fault("function.name", "is missing")
            : functions.Any(f => f.Name == name) ? (ToolChoice.Named, name)
            : throw choice.Fault("function.name", $"is '{name}', which is none of the 'tools'");
    }

    private static void RefuseOldNames(RequestFields fields)
    {
        if (fields.TryTake("functions", out var functions) && !(functions.ValueKind == JsonValueKind.Array && functions.GetArrayLength() == 0))
        {
            throw new InvalidRequestException("'functions' is OpenAI's former name of 'tools', which this server takes", "functions", "unsupported_parameter");
        }

        if (fields.TryTake("function_call", out var call) && !(call.ValueKind == JsonValueKind.String && call.GetString() is "none" or "auto"))
        {
            throw new InvalidRequestException("'function_call' is OpenAI's former name of 'tool_choice', which this server takes", "function_call", "unsupported_parameter");
        }
    }
}
