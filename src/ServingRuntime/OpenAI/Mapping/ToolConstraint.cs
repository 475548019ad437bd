using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>
/// What tools and reasoning make of a request's constraint. Where a call is required the whole answer is one; where it is left to the model, only the calls of
/// strict functions are held to their schemas; a demanded format holds for an answer that is no call.
/// </summary>
internal static class ToolConstraint
{
    private const int MaxCalls = 16;
    private const string NoParameters = """{"type":"object","properties":{},"additionalProperties":false}""";

    public static OutputConstraint? Combine(OutputConstraint? output, ToolRequest tools, AnswerFormat format)
    {
        var constraint = tools.Choice switch
        {
            ToolChoice.Required or ToolChoice.Named => new OutputConstraint(format.ToolCalls!.Calls(Calls(tools), tools.Parallel ? MaxCalls : 1), "tools"),
            ToolChoice.Auto when output is not null => output with
            {
                Spec = new GrammarSpec.Alternation([format.ToolCalls!.Calls(Calls(tools), tools.Parallel ? MaxCalls : 1), output.Spec]),
            },
            ToolChoice.Auto when tools.Functions.Any(f => f.Strict) => new OutputConstraint(new GrammarSpec.TriggeredText([format.ToolCalls!.Triggered(Calls(tools))]), "tools"),
            _ => output,
        };
        return constraint is null || format.Reasoning is not { } reasoning ? constraint : constraint with { Spec = AfterReasoning(constraint.Spec, reasoning, format.ReasoningStart) };
    }

    private static List<CallGrammar> Calls(ToolRequest tools)
        => [.. tools.Functions.Where(f => tools.Named is null || f.Name == tools.Named).Select(f => new CallGrammar(f.Name, Arguments(f, tools.Choice)))];

    /// <summary>Left to the model, a function that is not strict may get any object.</summary>
    private static GrammarSpec Arguments(FunctionTool function, ToolChoice choice)
        => choice == ToolChoice.Auto && !function.Strict ? new GrammarSpec.JsonObject() : new GrammarSpec.JsonSchema(function.Parameters?.GetRawText() ?? NoParameters);

    /// <summary>The model reasons freely first.</summary>
    private static GrammarSpec AfterReasoning(GrammarSpec answer, ReasoningFormat reasoning, ReasoningStart start) => start switch
    {
        ReasoningStart.Open => new GrammarSpec.AfterReasoning(reasoning.End, answer),
        ReasoningStart.MayOpen => new GrammarSpec.Alternation(
            [new GrammarSpec.Sequence([new GrammarSpec.Literal(reasoning.Begin), new GrammarSpec.AfterReasoning(reasoning.End, answer)]), answer]),
        _ => answer,
    };
}
