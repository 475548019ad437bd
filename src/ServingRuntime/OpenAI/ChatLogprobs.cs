using System.Globalization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Log-probabilities of the tokens of a chat answer.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content)
{
    public static ChatLogprobs? From(IReadOnlyList<DecodedLogprobs>? logprobs, bool asTokenIds)
        => logprobs is null ? null : new ChatLogprobs([.. logprobs.Select(l => new ChatTokenLogprob(
            Name(l.Sampled, asTokenIds), Finite(l.Sampled.Logprob), Bytes(l.Sampled),
            [.. Alternatives(l).Select(t => new ChatTopLogprob(Name(t, asTokenIds), Finite(t.Logprob), Bytes(t)))]))]);

    /// <summary>The best tokens, and those that the request named and that are not among them.</summary>
    internal static IEnumerable<DecodedLogprob> Alternatives(DecodedLogprobs logprobs)
        => logprobs.Requested.Count == 0 ? logprobs.Top : logprobs.Top.Concat(logprobs.Requested.Where(r => logprobs.Top.All(t => t.TokenId != r.TokenId)));

    internal static string Name(DecodedLogprob token, bool asTokenIds) => asTokenIds ? Name(token.TokenId) : token.Text;

    internal static string Name(int tokenId) => string.Create(CultureInfo.InvariantCulture, $"token_id:{tokenId}");

    /// <summary>JSON has no infinity: an impossible token is at -9999, as vLLM writes it.</summary>
    internal static float Finite(float logprob) => float.IsFinite(logprob) ? logprob : -9999f;

    private static IReadOnlyList<int> Bytes(DecodedLogprob token) => [.. token.Bytes.Select(b => (int)b)];
}

internal sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

internal sealed record ChatTopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);
