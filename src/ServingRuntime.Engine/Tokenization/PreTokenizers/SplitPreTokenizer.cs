using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>Splits at the matches of a pattern (or, inverted, at what lies between them).</summary>
internal sealed class SplitPreTokenizer(SplitPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(PieceList pieces)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            var spans = new SpanJoiner(pieces, pieces.Start(i), behavior);
            var text = pieces[i];
            var search = new PatternSearch(pattern);
            var previous = 0;
            while (search.TryNext(text, out var start, out var end))
            {
                if (start > previous)
                {
                    spans.Add(previous, start, invert);
                }

                spans.Add(start, end, !invert);
                previous = end;
            }

            if (previous < text.Length)
            {
                spans.Add(previous, text.Length, invert);
            }

            spans.Finish();
        }

        pieces.Commit();
    }

    /// <summary>Joins neighbouring spans as the behaviour wants it; the rule sees the span that was added last, not the joined one.</summary>
    private struct SpanJoiner(PieceList pieces, int offset, SplitBehavior behavior)
    {
        private int openStart = -1;
        private int openEnd;
        private bool lastIsMatch;

        public void Add(int start, int end, bool isMatch)
        {
            switch (behavior)
            {
                case SplitBehavior.Isolated:
                    pieces.Add(offset + start, offset + end);
                    return;
                case SplitBehavior.Removed:
                    if (!isMatch)
                    {
                        pieces.Add(offset + start, offset + end);
                    }

                    return;
            }

            var joins = openStart >= 0 && behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !lastIsMatch,
                SplitBehavior.MergedWithNext => lastIsMatch && !isMatch,
                _ => isMatch == lastIsMatch,
            };
            if (!joins)
            {
                Finish();
                openStart = start;
            }

            (openEnd, lastIsMatch) = (end, isMatch);
        }

        public readonly void Finish()
        {
            if (openStart >= 0)
            {
                pieces.Add(offset + openStart, offset + openEnd);
            }
        }
    }
}
