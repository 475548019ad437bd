using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Picks what a response shows out of a row of log-probabilities.</summary>
internal static class LogprobsGatherer
{
    /// <param name="top">Number of most likely tokens; equals in order of their ids.</param>
    public static TokenLogprobs Gather(ReadOnlySpan<float> logprobs, int token, int top)
    {
        top = Math.Clamp(top, 0, logprobs.Length);
        var best = new List<(int TokenId, float Logprob)>(top);
        var rank = 1;
        for (var id = 0; id < logprobs.Length; id++)
        {
            var logprob = logprobs[id];
            rank += logprob > logprobs[token] ? 1 : 0;
            if (top == 0 || (best.Count == top && logprob <= best[^1].Logprob))
            {
                continue;
            }

            var place = best.Count;
            while (place > 0 && logprob > best[place - 1].Logprob)
            {
                place--;
            }

            if (best.Count == top)
            {
                best.RemoveAt(top - 1);
            }

            best.Insert(place, (id, logprob));
        }

        return new TokenLogprobs(token, logprobs[token], rank, best);
    }
}
