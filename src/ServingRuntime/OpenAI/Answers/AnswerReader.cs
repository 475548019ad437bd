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
    private int undecidedTokens;

    public AnswerReader(AnswerFormat format)
    {
        this.format = format;
        reasoning = format.Reasoning is { } tags ? new ReasoningReader(tags, format.ReasoningStart) : null;
        calls = format.ToolCalls?.CreateParser(format.Functions.Contains);
    }

    /// <summary>
    /// Tokens up to and with the end of the reasoning. Exact where the closing tag is a token, as it is with models that reason, or tokens come one by one; else,
    /// where one output holds the end of the one and the beginning of the other, its tokens are divided by their characters.
    /// </summary>
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
            var before = reasoning.State;
            text = reasoning.Append(text, parts);
            CountReasoning(output, before, text.Length);
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

    private void CountReasoning(RequestOutput output, ReasoningStart before, int answerLength)
    {
        if (before == ReasoningStart.Closed)
        {
            return;
        }

        undecidedTokens += output.NewTokenIds.Count;
        if (reasoning!.State == ReasoningStart.Open)
        {
            ReasoningTokens += undecidedTokens;
            undecidedTokens = 0;
        }
        else if (reasoning.State == ReasoningStart.Closed && reasoning.HasReasoned)
        {
            var own = output.NewTokenIds.Count;
            var end = output.NewTokenIds.ToList().FindIndex(id => id == format.Reasoning!.EndTokenId);
            var share = end >= 0 ? end + 1 : (int)Math.Ceiling(own * (double)(output.TextDelta.Length - answerLength) / Math.Max(1, output.TextDelta.Length));
            ReasoningTokens += undecidedTokens - own + share;
        }
    }

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
