using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// Runs a compiled pattern by trying its ways in order. For what the automaton cannot do: look-ahead of several characters, look-behind, atomic groups, word
/// boundaries. A way is tried once from each place, so a match costs at most the program's length times the text's.
/// </summary>
internal sealed class PatternBacktracker(PatternInstruction[] program)
{
    /// <summary>End of the match that begins at <paramref name="at"/> (UTF-16 index), or -1.</summary>
    public int Match(ReadOnlySpan<char> text, int at) => Run(text, 0, at);

    /// <summary>The scalar at an index and its length in UTF-16 units; a lone surrogate reads as U+FFFD.</summary>
    public static int ScalarAt(ReadOnlySpan<char> text, int at, out int length)
    {
        var unit = text[at];
        if (!char.IsSurrogate(unit))
        {
            length = 1;
            return unit;
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return rune.Value;
    }

    private static int ScalarBefore(ReadOnlySpan<char> text, int at)
    {
        Rune.DecodeLastFromUtf16(text[..at], out var rune, out _);
        return rune.Value;
    }

    private int Run(ReadOnlySpan<char> text, int start, int from)
    {
        var ways = new Stack<(int Step, int At)>();
        var tried = new HashSet<(int, int)>();
        ways.Push((start, from));
        while (ways.TryPop(out var way))
        {
            var (step, at) = way;
            while (step >= 0)
            {
                var instruction = program[step];
                if (instruction.Operation == PatternOperation.Accept)
                {
                    return at;
                }

                if (instruction.Operation == PatternOperation.Split)
                {
                    if (!tried.Add((step, at)))
                    {
                        break;
                    }

                    ways.Push((instruction.Second, at));
                }

                step = Next(text, instruction, step, ref at);
            }
        }

        return -1;
    }

    /// <summary>The instruction to go on with, or -1 where this way ends.</summary>
    private int Next(ReadOnlySpan<char> text, PatternInstruction instruction, int step, ref int at)
    {
        switch (instruction.Operation)
        {
            case PatternOperation.Take:
                var length = 0;
                var taken = at < text.Length && instruction.Set!.Contains(ScalarAt(text, at, out length));
                at += length;
                return taken ? step + 1 : -1;
            case PatternOperation.NextIs:
                return (at < text.Length ? instruction.Set!.Contains(ScalarAt(text, at, out _)) : instruction.Flag) ? step + 1 : -1;
            case PatternOperation.PreviousIs:
                return (at > 0 ? instruction.Set!.Contains(ScalarBefore(text, at)) : instruction.Flag) ? step + 1 : -1;
            case PatternOperation.Anchor:
                return Holds((PatternAnchor)instruction.First, text, at) ? step + 1 : -1;
            case PatternOperation.LookAhead:
                return Run(text, step + 1, at) >= 0 != instruction.Flag ? instruction.First : -1;
            case PatternOperation.Atomic:
                var end = Run(text, step + 1, at);
                at = Math.Max(at, end);
                return end >= 0 ? instruction.First : -1;
            default:
                return instruction.First;
        }
    }

    private static bool Holds(PatternAnchor anchor, ReadOnlySpan<char> text, int at) => anchor switch
    {
        PatternAnchor.LineStart => at == 0 || (at < text.Length && text[at - 1] == '\n'),
        PatternAnchor.TextStart => at == 0,
        PatternAnchor.TextEndOrLastLine => at == text.Length || (at == text.Length - 1 && text[at] == '\n'),
        PatternAnchor.WordBoundary => IsBoundary(text, at),
        _ => !IsBoundary(text, at),
    };

    private static bool IsBoundary(ReadOnlySpan<char> text, int at)
        => (at > 0 && CharacterSet.Word.Contains(ScalarBefore(text, at))) != (at < text.Length && CharacterSet.Word.Contains(ScalarAt(text, at, out _)));
}
