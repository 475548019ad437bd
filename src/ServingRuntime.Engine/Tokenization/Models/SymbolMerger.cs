using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Merges a row of symbols pair by pair, the pair of lowest rank first and of those the leftmost, until no pair is left that merges. Three ways to the same result: a row
/// of a few symbols is searched and closed up after each merge; a longer one has the ranks of its pairs in a row of words (rank and place in one, so that the smallest word is
/// the next merge) that vectors search; a very long one has a heap, so that n symbols cost O(n log n) whatever they say.
/// </summary>
internal sealed class SymbolMerger(MergeTable merges)
{
    private const int MostShort = 20;
    private const int PlaceBits = 10;
    private const int MostMedium = 1 << PlaceBits;

    /// <summary>Merges in place; the symbols that remain stand at the beginning.</summary>
    /// <returns>How many remain.</returns>
    public int Merge(Span<int> symbols, MergeScratch scratch) => symbols.Length switch
    {
        < 2 => symbols.Length,
        <= MostShort => MergeShort(symbols),
        <= MostMedium => MergeMedium(symbols, scratch),
        _ => MergeLong(symbols, scratch),
    };

    private int MergeShort(Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[MostShort];
        var pairs = symbols.Length - 1;
        var best = MergeTable.None;
        var at = 0;
        for (var i = 0; i < pairs; i++)
        {
            ranks[i] = merges.Rank(symbols[i], symbols[i + 1]);
            if (ranks[i] < best)
            {
                (best, at) = (ranks[i], i);
            }
        }

        while (best != MergeTable.None)
        {
            symbols[at] = merges.Result(best);
            pairs--;
            for (var i = at + 1; i <= pairs; i++)
            {
                symbols[i] = symbols[i + 1];
                ranks[i - 1] = ranks[i];
            }

            if (at > 0)
            {
                ranks[at - 1] = merges.Rank(symbols[at - 1], symbols[at]);
            }

            if (at < pairs)
            {
                ranks[at] = merges.Rank(symbols[at], symbols[at + 1]);
            }

            best = MergeTable.None;
            for (var i = 0; i < pairs; i++)
            {
                if (ranks[i] < best)
                {
                    (best, at) = (ranks[i], i);
                }
            }
        }

        return pairs + 1;
    }

    private int MergeMedium(Span<int> symbols, MergeScratch scratch)
    {
        var count = symbols.Length;
        var next = scratch.Next(count);
        var previous = scratch.Previous(count);
        Span<uint> words = stackalloc uint[MostMedium];
        words = words[..(((count - 1) / Vector<uint>.Count * Vector<uint>.Count) + Vector<uint>.Count)];
        words.Fill(uint.MaxValue);
        for (var i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < count)
            {
                words[i] = Word(merges.Rank(symbols[i], symbols[i + 1]), i);
            }
        }

        for (var word = Smallest(words); word != uint.MaxValue; word = Smallest(words))
        {
            var at = (int)(word & (MostMedium - 1));
            symbols[at] = merges.Result((int)(word >> PlaceBits));
            var gone = next[at];
            var after = next[gone];
            symbols[gone] = -1;
            words[gone] = uint.MaxValue;
            next[at] = after;
            if (after < count)
            {
                previous[after] = at;
            }

            words[at] = after < count ? Word(merges.Rank(symbols[at], symbols[after]), at) : uint.MaxValue;
            if (previous[at] is >= 0 and var before)
            {
                words[before] = Word(merges.Rank(symbols[before], symbols[at]), before);
            }
        }

        return CloseUp(symbols);
    }

    private static uint Word(int rank, int at) => rank == MergeTable.None ? uint.MaxValue : ((uint)rank << PlaceBits) | (uint)at;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Smallest(ReadOnlySpan<uint> words)
    {
        ref var first = ref MemoryMarshal.GetReference(words);
        var smallest = Vector.LoadUnsafe(ref first);
        for (var i = Vector<uint>.Count; i < words.Length; i += Vector<uint>.Count)
        {
            smallest = Vector.Min(smallest, Vector.LoadUnsafe(ref first, (nuint)i));
        }

        var word = smallest[0];
        for (var i = 1; i < Vector<uint>.Count; i++)
        {
            word = Math.Min(word, smallest[i]);
        }

        return word;
    }

    private int MergeLong(Span<int> symbols, MergeScratch scratch)
    {
        var count = symbols.Length;
        var next = scratch.Next(count);
        var previous = scratch.Previous(count);
        // Each merge removes a symbol and offers two pairs.
        var heap = new MergeHeap(scratch.Queue(3 * count));
        for (var i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < count && merges.Rank(symbols[i], symbols[i + 1]) is not MergeTable.None and var rank)
            {
                heap.Push(((ulong)rank << 32) | (uint)i);
            }
        }

        while (heap.TryPop(out var entry))
        {
            var (rank, at) = ((int)(entry >> 32), (int)(uint)entry);
            // Stale where one of the two has been merged away or into something else since.
            if (symbols[at] < 0 || next[at] >= count || merges.Rank(symbols[at], symbols[next[at]]) != rank)
            {
                continue;
            }

            var gone = next[at];
            var after = next[gone];
            symbols[at] = merges.Result(rank);
            symbols[gone] = -1;
            next[at] = after;
            if (after < count)
            {
                previous[after] = at;
                Offer(ref heap, symbols[at], symbols[after], at);
            }

            if (previous[at] is >= 0 and var before)
            {
                Offer(ref heap, symbols[before], symbols[at], before);
            }
        }

        return CloseUp(symbols);
    }

    private void Offer(ref MergeHeap heap, int left, int right, int at)
    {
        if (merges.Rank(left, right) is not MergeTable.None and var rank)
        {
            heap.Push(((ulong)rank << 32) | (uint)at);
        }
    }

    private static int CloseUp(Span<int> symbols)
    {
        var count = 0;
        foreach (var symbol in symbols)
        {
            if (symbol >= 0)
            {
                symbols[count++] = symbol;
            }
        }

        return count;
    }
}
