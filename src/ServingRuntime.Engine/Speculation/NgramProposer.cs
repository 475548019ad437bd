using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>
/// Prompt lookup (Saxena 2023; vLLM's ngram method): where the last few tokens stood before in prompt or output, what followed then is the guess. A match
/// that overlaps the end goes on as the repetition that it is.
/// </summary>
internal sealed class NgramProposer(SpeculativeOptions options) : IDraftProposer
{
    private readonly int[] drafts = new int[options.NumSpeculativeTokens];

    public void Propose(IReadOnlyList<Request> requests)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            Propose(requests[i]);
        }
    }

    public void Forget(Request request)
    {
        // The index goes with its request.
    }

    public void Dispose()
    {
        // Nothing outside of the requests.
    }

    private void Propose(Request request)
    {
        var state = request.Drafting!;
        state.Ngrams ??= new NgramIndex(options.PromptLookupMin, options.PromptLookupMax, request.NumTokens + Math.Min(request.SamplingParams.MaxTokens, 1024));
        var tokens = request.Tokens;
        if (state.Ngrams.Find(tokens) is not { } end)
        {
            return;
        }

        var guess = drafts.AsSpan(0, state.Wanted);
        for (var i = 0; i < guess.Length; i++)
        {
            guess[i] = end + i < tokens.Length ? tokens[end + i] : guess[end + i - tokens.Length];
        }

        request.SetDrafts(guess);
    }
}
