using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// A set of scalar values as sequences of byte ranges: exactly the well-formed UTF-8 of its members. A range is cut until, byte by byte, every combination of its
/// ends' bytes is in it (the method of Thompson's and Cox's UTF-8 automata).
/// </summary>
internal static class Utf8Ranges
{
    public static void Emit(Nfa nfa, int from, ScalarSet set, int to)
    {
        // Shared ends: any continuation byte, up to three of them.
        var tails = new int[4];
        Array.Fill(tails, -1);
        tails[0] = to;
        foreach (var (first, last) in set.Ranges)
        {
            Cut(nfa, from, first, last, tails);
        }
    }

    private static void Cut(Nfa nfa, int from, int first, int last, int[] tails)
    {
        foreach (var border in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (first <= border && border < last)
            {
                Cut(nfa, from, first, border, tails);
                Cut(nfa, from, border + 1, last, tails);
                return;
            }
        }

        for (var length = 1; length < 4 && last > 0x7F; length++)
        {
            var low = (1 << (6 * length)) - 1;
            if ((first & ~low) == (last & ~low))
            {
                continue;
            }

            if ((first & low) != 0)
            {
                Cut(nfa, from, first, first | low, tails);
                Cut(nfa, from, (first | low) + 1, last, tails);
                return;
            }

            if ((last & low) != low)
            {
                Cut(nfa, from, first, (last & ~low) - 1, tails);
                Cut(nfa, from, last & ~low, last, tails);
                return;
            }
        }

        Span<byte> lows = stackalloc byte[4];
        Span<byte> highs = stackalloc byte[4];
        var count = new Rune(first).EncodeToUtf8(lows);
        new Rune(last).EncodeToUtf8(highs);
        for (var i = 0; i < count; i++)
        {
            var rest = count - 1 - i;
            var full = true;
            for (var j = i + 1; j < count; j++)
            {
                full &= lows[j] == 0x80 && highs[j] == 0xBF;
            }

            var next = full ? Tail(nfa, tails, rest) : nfa.AddState();
            nfa.AddBytes(from, lows[i], highs[i], next);
            if (full)
            {
                return;
            }

            from = next;
        }
    }

    private static int Tail(Nfa nfa, int[] tails, int length)
    {
        if (tails[length] < 0)
        {
            tails[length] = nfa.AddState();
            nfa.AddBytes(tails[length], 0x80, 0xBF, Tail(nfa, tails, length - 1));
        }

        return tails[length];
    }
}
