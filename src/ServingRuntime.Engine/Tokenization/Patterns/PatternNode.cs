using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>A step of a compiled pattern. A match runs a step and then <see cref="Next"/>; alternatives and shorter repetitions are tried in order.</summary>
internal abstract class PatternNode
{
    /// <summary>What follows; set once while the pattern is compiled.</summary>
    public PatternNode Next { get; set; } = null!;

    /// <summary>End of the match that begins at <paramref name="at"/> (UTF-16 index), or -1.</summary>
    public abstract int Match(string text, int at);

    /// <summary>The scalar at an index and its length in UTF-16 units; a lone surrogate reads as U+FFFD.</summary>
    protected static int ScalarAt(string text, int at, out int length)
    {
        var unit = text[at];
        if (!char.IsSurrogate(unit))
        {
            length = 1;
            return unit;
        }

        Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out length);
        return rune.Value;
    }
}

/// <summary>The end of a pattern or of a look-ahead.</summary>
internal sealed class AcceptNode : PatternNode
{
    public override int Match(string text, int at) => at;
}

/// <summary>A set repeated between <paramref name="min"/> and <paramref name="max"/> times, as often as possible first (unless lazy).</summary>
internal sealed class RepeatNode(CharacterSet set, int min, int max, bool lazy, bool possessive) : PatternNode
{
    public override int Match(string text, int at)
    {
        var end = at;
        var count = 0;
        var limit = lazy ? min : max;
        while (count < limit && end < text.Length && set.Contains(ScalarAt(text, end, out var length)))
        {
            end += length;
            count++;
        }

        if (count < min)
        {
            return -1;
        }

        while (true)
        {
            var match = Next.Match(text, end);
            if (match >= 0 || possessive)
            {
                return match;
            }

            if (lazy)
            {
                if (count == max || end >= text.Length || !set.Contains(ScalarAt(text, end, out var length)))
                {
                    return -1;
                }

                end += length;
                count++;
            }
            else
            {
                if (count == min)
                {
                    return -1;
                }

                count--;
                end -= end >= 2 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;
            }
        }
    }
}

/// <summary>The first branch that leads to a match. Each branch ends in this node's <see cref="PatternNode.Next"/>.</summary>
internal sealed class AlternationNode(IReadOnlyList<PatternNode> branches) : PatternNode
{
    public override int Match(string text, int at)
    {
        foreach (var branch in branches)
        {
            var match = branch.Match(text, at);
            if (match >= 0)
            {
                return match;
            }
        }

        return -1;
    }
}

/// <summary>Passes on to what follows: the tail that a branch is given before its successor is known.</summary>
internal sealed class JoinNode(PatternNode owner) : PatternNode
{
    public override int Match(string text, int at) => owner.Next.Match(text, at);
}

/// <summary>(?=x) or (?!x).</summary>
internal sealed class LookAheadNode(PatternNode body, bool negative) : PatternNode
{
    public override int Match(string text, int at) => body.Match(text, at) >= 0 != negative ? Next.Match(text, at) : -1;
}

/// <summary>^ or $ without the multi-line flag.</summary>
internal sealed class AnchorNode(bool end) : PatternNode
{
    public override int Match(string text, int at) => at == (end ? text.Length : 0) ? Next.Match(text, at) : -1;
}
