using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>What becomes of the text that a split pattern matches.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Splits at the matches of a pattern (or, inverted, at what lies between them).</summary>
internal sealed class SplitPreTokenizer(SplitPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override List<Piece> Split(List<Piece> pieces)
    {
        var output = new List<Piece>();
        var spans = new List<(int Start, int End, bool IsMatch)>();
        foreach (var piece in pieces)
        {
            spans.Clear();
            FindSpans(piece.Text, spans);
            foreach (var (start, end) in Arrange(spans))
            {
                if (end > start)
                {
                    output.Add(new Piece(piece.Text[start..end], piece.AtStart && start == 0));
                }
            }
        }

        return output;
    }

    private void FindSpans(string text, List<(int Start, int End, bool IsMatch)> spans)
    {
        var previous = 0;
        while (pattern.TryFind(text, previous, out var start, out var end))
        {
            if (start > previous)
            {
                spans.Add((previous, start, invert));
            }

            spans.Add((start, end, !invert));
            previous = end;
        }

        if (previous < text.Length)
        {
            spans.Add((previous, text.Length, invert));
        }
    }

    private IEnumerable<(int Start, int End)> Arrange(List<(int Start, int End, bool IsMatch)> spans)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                return spans.Where(s => !s.IsMatch).Select(s => (s.Start, s.End));
            case SplitBehavior.MergedWithPrevious:
                return Merge(spans, (previous, span) => span.IsMatch && !previous.IsMatch);
            case SplitBehavior.MergedWithNext:
                return Merge(spans, (previous, span) => previous.IsMatch && !span.IsMatch);
            case SplitBehavior.Contiguous:
                return Merge(spans, (previous, span) => previous.IsMatch == span.IsMatch);
            default:
                return spans.Select(s => (s.Start, s.End));
        }
    }

    /// <summary>Joins neighbours for which the rule holds; the rule sees the last span that was added, not the joined one.</summary>
    private static List<(int Start, int End)> Merge(
        List<(int Start, int End, bool IsMatch)> spans,
        Func<(int Start, int End, bool IsMatch), (int Start, int End, bool IsMatch), bool> joins)
    {
        var output = new List<(int Start, int End)>();
        for (var i = 0; i < spans.Count; i++)
        {
            if (i > 0 && joins(spans[i - 1], spans[i]))
            {
                output[^1] = (output[^1].Start, spans[i].End);
            }
            else
            {
                output.Add((spans[i].Start, spans[i].End));
            }
        }

        return output;
    }
}
