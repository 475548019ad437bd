using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Answers;

/// <summary>
/// Divides one answer into reasoning, content and calls while it comes. The streamed and the whole answer are made from the same parts, so they say the same.
/// </summary>
internal sealed class AnswerReader
{
    private readonly AnswerFormat format;
    private readonly AnswerParts parts = new();
    private readonly ReasoningReader? reasoning;
    private readonly IToolCallParser? calls;

    public AnswerReader(AnswerFormat format)
    {
        this.format = format;
        reasoning = format.Reasoning is { } tags ? new ReasoningReader(tags, format.ReasoningStart) : null;
        calls = format.ToolCalls?.CreateParser(format.Functions.Contains);
    }

    /// <summary>Tokens up to and with the end of the reasoning.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>In the order in which they concatenate.</summary>
    public IReadOnlyList<AnswerPart> Read(RequestOutput output)
    {
        if (reasoning is null && calls is null)
        {
            return output.TextDelta.Length > 0 ? [new AnswerPart(AnswerPartKind.Content, output.TextDelta)] : [];
        }

        var text = output.TextDelta;
        if (reasoning is not null)
        {
            ReasoningTokens += reasoning.Inside ? output.NewTokenIds.Count : 0;
            text = reasoning.Append(text, parts);
        }

        Answer(text);
        if (output.FinishReason is { } reason)
        {
            var cut = reason == FinishReason.Length;
            Answer(reasoning?.Complete(cut, parts) ?? "");
            calls?.Complete(cut, parts);
        }

        var read = parts.Take();
        return format.IncludeReasoning && format.ParallelToolCalls ? read : [.. read.Where(IsWanted)];
    }

    /// <summary>
    /// OpenAI's word for how the answer ended: tool_calls only where every call is whole, so that a client never runs a call that was cut off or malformed
    /// because of it.
    /// </summary>
    public string FinishReasonName(FinishReason reason)
        => reason == FinishReason.Length ? "length"
            : parts.Calls > 0 && calls!.AllWhole && !format.FunctionIsNamed ? "tool_calls"
            : "stop";

    private void Answer(string text)
    {
        if (calls is not null)
        {
            calls.Append(text, parts);
        }
        else
        {
            parts.Content(text);
        }
    }

    private bool IsWanted(AnswerPart part) => part.Kind switch
    {
        AnswerPartKind.Reasoning => format.IncludeReasoning,
        AnswerPartKind.ToolCall or AnswerPartKind.Arguments => format.ParallelToolCalls || part.Call == 0,
        _ => true,
    };
}
