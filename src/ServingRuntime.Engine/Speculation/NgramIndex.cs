using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>
/// Where each run of n tokens of one sequence ended before: chains of positions by hash, as in LZ77 compressors. A token is taken in once, in constant time,
/// and a look-up follows a bounded part of one chain.
/// </summary>
/// <param name="least">Tokens that a match has at least.</param>
/// <param name="most">Tokens compared at most.</param>
/// <param name="capacity">Tokens to make room for; more may come.</param>
internal sealed class NgramIndex(int least, int most, int capacity)
{
    private const int None = -1;
    private const int MaxChain = 32;
    private int[] heads = NewHeads(capacity);
    private int[] previous = new int[capacity + 1];
    private int taken = least - 1;

    /// <summary>Takes in what is new and looks for the sequence's end in what came before: the longest match, of equals the latest.</summary>
    /// <param name="tokens">The whole sequence; it only ever grows.</param>
    /// <returns>Position after the match, where what followed then begins; null: there is none.</returns>
    public int? Find(ReadOnlySpan<int> tokens)
    {
        TakeIn(tokens);
        if (tokens.Length <= least)
        {
            return null;
        }

        int? best = null;
        var (length, steps) = (least - 1, 0);
        for (var end = heads[Slot(tokens, tokens.Length)]; end != None && length < most && steps < MaxChain; end = previous[end], steps++)
        {
            var match = MatchLength(tokens, end);
            if (match > length)
            {
                (best, length) = (end, match);
            }
        }

        return best;
    }

    private static int[] NewHeads(int capacity)
    {
        var heads = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16))];
        Array.Fill(heads, None);
        return heads;
    }

    /// <summary>All ends but the sequence's own, which would match itself.</summary>
    private void TakeIn(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length >= previous.Length)
        {
            Array.Resize(ref previous, Math.Max(2 * previous.Length, tokens.Length + 1));
            heads = NewHeads(previous.Length);
            taken = least - 1;
        }

        for (; taken + 1 < tokens.Length; taken++)
        {
            ref var head = ref heads[Slot(tokens, taken + 1)];
            previous[taken + 1] = head;
            head = taken + 1;
        }
    }

    /// <summary>Tokens before two ends that are equal.</summary>
    private int MatchLength(ReadOnlySpan<int> tokens, int end)
    {
        var length = 0;
        while (length < most && length < end && tokens[end - 1 - length] == tokens[tokens.Length - 1 - length])
        {
            length++;
        }

        return length;
    }

    private int Slot(ReadOnlySpan<int> tokens, int end)
    {
        ulong hash = 0;
        foreach (var token in tokens.Slice(end - least, least))
        {
            hash = (hash + (uint)token + 1) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 32;
        }

        return (int)(hash & (uint)(heads.Length - 1));
    }
}
