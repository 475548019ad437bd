using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>The old form of log-probabilities: parallel lists. The prompt's first token, where it is echoed, has none.</summary>
internal sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens, IReadOnlyList<float?> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs, IReadOnlyList<int> TextOffset)
{
    /// <param name="logprobs">Of the new tokens; null for one of which nothing is known.</param>
    /// <param name="firstToken">The text of that one.</param>
    /// <param name="asTokenIds">Whether tokens are written as their ids.</param>
    /// <param name="offset">Where the first of them begins in the text; moved past the last.</param>
    public static CompletionLogprobs From(IReadOnlyList<DecodedLogprobs?> logprobs, (int Id, string Text) firstToken, bool asTokenIds, ref int offset)
    {
        var offsets = new List<int>(logprobs.Count);
        foreach (var entry in logprobs)
        {
            offsets.Add(offset);
            offset += entry?.Sampled.Text.Length ?? firstToken.Text.Length;
        }

        return new CompletionLogprobs(
            [.. logprobs.Select(l => l is not null ? ChatLogprobs.Name(l.Sampled, asTokenIds) : asTokenIds ? ChatLogprobs.Name(firstToken.Id) : firstToken.Text)],
            [.. logprobs.Select(l => l is null ? (float?)null : ChatLogprobs.Finite(l.Sampled.Logprob))],
            [.. logprobs.Select(l => l is null ? null : Top(l, asTokenIds))],
            offsets);
    }

    private static Dictionary<string, float> Top(DecodedLogprobs logprobs, bool asTokenIds)
    {
        // Different tokens may look alike (parts of characters do): the likeliest keeps the name.
        var top = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var entry in ChatLogprobs.Alternatives(logprobs))
        {
            top.TryAdd(ChatLogprobs.Name(entry, asTokenIds), ChatLogprobs.Finite(entry.Logprob));
        }

        top.TryAdd(ChatLogprobs.Name(logprobs.Sampled, asTokenIds), ChatLogprobs.Finite(logprobs.Sampled.Logprob));
        return top;
    }
}
