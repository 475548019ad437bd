using System.Text;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>One answer of a completion request while it comes.</summary>
internal sealed class CompletionAnswer(CompletionRequest request, int index, int prompt)
{
    private readonly StringBuilder text = new();
    private readonly List<int> tokenIds = [];
    private readonly List<DecodedLogprobs?> logprobs = [];
    private IReadOnlyList<DecodedLogprobs?>? promptLogprobs;
    private RequestOutput? last;
    private int textOffset;

    /// <returns>What is new, the echo of the prompt with the first; null where that is nothing to tell.</returns>
    public CompletionChoice? Add(RequestOutput output)
    {
        var first = last is null;
        last = output;
        promptLogprobs ??= output.PromptLogprobs;
        var delta = (first ? request.Echo?[prompt] ?? "" : "") + (request.PromptOnly ? "" : output.TextDelta);
        var tokens = request.PromptOnly ? [] : output.NewTokenIds;
        List<DecodedLogprobs?> entries = [.. request.Echo is null ? [] : output.PromptLogprobs ?? [], .. request.PromptOnly ? [] : output.NewLogprobs ?? []];
        text.Append(delta);
        tokenIds.AddRange(tokens);
        logprobs.AddRange(entries);
        if (delta.Length == 0 && output.FinishReason is null && (tokens.Count == 0 || (entries.Count == 0 && !request.ReturnTokenIds)))
        {
            return null;
        }

        return new CompletionChoice
        {
            Index = index,
            Text = delta,
            Logprobs = entries.Count > 0 ? Lists(entries, ref textOffset) : null,
            FinishReason = FinishReasonName(),
            StopReason = StopReason.From(output),
            TokenIds = request.ReturnTokenIds ? tokens : null,
            PromptTokenIds = request.ReturnTokenIds && first ? request.Generations[prompt].PromptTokenIds : null,
        };
    }

    public CompletionChoice ToChoice()
    {
        var offset = 0;
        return new CompletionChoice
        {
            Index = index,
            Text = text.ToString(),
            Logprobs = request.Logprobs.Count is null ? null : Lists(logprobs, ref offset),
            FinishReason = FinishReasonName(),
            StopReason = StopReason.From(last!),
            PromptLogprobs = request.Logprobs.ReturnPrompt ? PromptLogprobs.From(promptLogprobs) : null,
            TokenIds = request.ReturnTokenIds ? tokenIds : null,
            PromptTokenIds = request.ReturnTokenIds ? request.Generations[prompt].PromptTokenIds : null,
        };
    }

    private CompletionLogprobs Lists(List<DecodedLogprobs?> entries, ref int offset)
        => CompletionLogprobs.From(entries, request.FirstTokens[prompt], request.Logprobs.AsTokenIds, ref offset);

    private string? FinishReasonName() => last!.FinishReason is { } reason ? request.PromptOnly ? "length" : GenerationRun.FinishReasonName(reason) : null;
}
