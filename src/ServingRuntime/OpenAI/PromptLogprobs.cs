using System.Globalization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>vLLM's prompt_logprobs: for each token of the prompt an object of token ids; null for the first, before which there is nothing.</summary>
internal static class PromptLogprobs
{
    public static IReadOnlyList<IReadOnlyDictionary<string, PromptLogprob>?>? From(IReadOnlyList<DecodedLogprobs?>? logprobs)
        => logprobs is null ? null : [.. logprobs.Select(entry => entry is null ? null : From(entry))];

    private static Dictionary<string, PromptLogprob> From(DecodedLogprobs entry)
    {
        var tokens = new Dictionary<string, PromptLogprob>(StringComparer.Ordinal) { [Key(entry.Sampled)] = Value(entry.Sampled, entry.Rank) };
        for (var i = 0; i < entry.Top.Count; i++)
        {
            tokens.TryAdd(Key(entry.Top[i]), Value(entry.Top[i], i + 1));
        }

        return tokens;
    }

    private static string Key(DecodedLogprob token) => token.TokenId.ToString(CultureInfo.InvariantCulture);

    private static PromptLogprob Value(DecodedLogprob token, int rank) => new(ChatLogprobs.Finite(token.Logprob), rank, token.Text);
}

/// <param name="Logprob">Natural.</param>
/// <param name="Rank">1 is the most likely.</param>
/// <param name="DecodedToken">The token as text.</param>
internal sealed record PromptLogprob(float Logprob, int Rank, string DecodedToken);
