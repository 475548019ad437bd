using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>What is looked for in the text of the answers.</summary>
internal static class AnswerFormatMapper
{
    public static AnswerFormat Take(RequestFields fields, ModelTraits traits, ToolRequest tools, ChatPrompt prompt)
    {
        var include = fields.Flag("include_reasoning") ?? true;
        return new AnswerFormat
        {
            Reasoning = traits.Reasoning,
            ReasoningStart = prompt.FinalMessage.Length > 0 ? ReasoningStart.Closed : traits.Reasoning?.StartAfter(prompt.Text) ?? ReasoningStart.Closed,
            IncludeReasoning = include,
            ToolCalls = CallFormat(fields, traits, tools),
            Functions = tools.Functions.Select(f => f.Name).ToHashSet(StringComparer.Ordinal),
            ParallelToolCalls = tools.Parallel,
            FunctionIsNamed = tools.Choice == ToolChoice.Named,
        };
    }

    private static ToolCallFormat? CallFormat(RequestFields fields, ModelTraits traits, ToolRequest tools) => tools.Choice switch
    {
        ToolChoice.None => null,
        _ when traits.ToolCalls is { } known => known,

        // A call that is forced comes in whatever form it is forced into.
        ToolChoice.Required or ToolChoice.Named => new LlamaJsonFormat(),
        _ => throw fields.Unsupported(
            "tools", "it is not known how this model writes tool calls: start the server with --tool-call-parser, or send tool_choice none"),
    };
}
