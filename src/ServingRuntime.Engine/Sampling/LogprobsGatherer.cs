using System.Numerics;
using System.Runtime.Intrinsics;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Picks what a response shows out of a row of log-probabilities.</summary>
internal sealed class LogprobsGatherer(int vocabSize)
{
    // Above this many, keeping the best in order by insertion costs more than sorting all.
    private const int MaxInserted = 64;
    private readonly (int TokenId, float Logprob)[] best = new (int, float)[MaxInserted];

    /// <param name="logprobs">[V].</param>
    /// <param name="token">The token that was chosen.</param>
    /// <param name="top">Number of most likely tokens, -1 for all; equals in order of their ids.</param>
    /// <param name="requested">Tokens that are shown whatever their rank; those outside of the vocabulary are left out.</param>
    public TokenLogprobs Gather(ReadOnlySpan<float> logprobs, int token, int top, ReadOnlySpan<int> requested)
    {
        top = top < 0 ? vocabSize : Math.Min(top, vocabSize);
        var most = top == 0 ? [] : top <= MaxInserted ? Insert(logprobs, top) : Sort(logprobs, top);
        return new TokenLogprobs(token, logprobs[token], Rank(logprobs, logprobs[token]), most) { Requested = Of(logprobs, requested) };
    }

    private static (int TokenId, float Logprob)[] Of(ReadOnlySpan<float> logprobs, ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
        {
            return [];
        }

        var result = new List<(int TokenId, float Logprob)>(tokens.Length);
        foreach (var token in tokens)
        {
            if ((uint)token < (uint)logprobs.Length)
            {
                result.Add((token, logprobs[token]));
            }
        }

        return [.. result];
    }

    /// <summary>1 for the most likely.</summary>
    private static int Rank(ReadOnlySpan<float> logprobs, float logprob)
    {
        var rank = 1;
        var i = 0;
        for (var limit = Vector256.Create(logprob); i + Vector256<float>.Count <= logprobs.Length; i += Vector256<float>.Count)
        {
            rank += BitOperations.PopCount(Vector256.GreaterThan(Vector256.Create(logprobs[i..]), limit).ExtractMostSignificantBits());
        }

        for (; i < logprobs.Length; i++)
        {
            rank += logprobs[i] > logprob ? 1 : 0;
        }

        return rank;
    }

    private (int TokenId, float Logprob)[] Insert(ReadOnlySpan<float> logprobs, int top)
    {
        var count = 0;
        var i = 0;
        for (; i + Vector256<float>.Count <= logprobs.Length; i += Vector256<float>.Count)
        {
            // Nearly always none of eight gets in.
            if (count == top && !Vector256.GreaterThanAny(Vector256.Create(logprobs[i..]), Vector256.Create(best[top - 1].Logprob)))
            {
                continue;
            }

            for (var id = i; id < i + Vector256<float>.Count; id++)
            {
                count = Insert(id, logprobs[id], count, top);
            }
        }

        for (; i < logprobs.Length; i++)
        {
            count = Insert(i, logprobs[i], count, top);
        }

        return best[..top];
    }

    private int Insert(int id, float logprob, int count, int top)
    {
        if (count == top && !(logprob > best[top - 1].Logprob))
        {
            return count;
        }

        var place = count == top ? top - 1 : count;
        for (; place > 0 && logprob > best[place - 1].Logprob; place--)
        {
            best[place] = best[place - 1];
        }

        best[place] = (id, logprob);
        return Math.Min(count + 1, top);
    }

    private static (int TokenId, float Logprob)[] Sort(ReadOnlySpan<float> logprobs, int top)
    {
        var all = new (int TokenId, float Logprob)[logprobs.Length];
        for (var id = 0; id < all.Length; id++)
        {
            all[id] = (id, logprobs[id]);
        }

        MemoryExtensions.Sort(all.AsSpan(), static (left, right) => left.Logprob != right.Logprob ? right.Logprob.CompareTo(left.Logprob) : left.TokenId.CompareTo(right.TokenId));
        return top == all.Length ? all : all[..top];
    }
}
