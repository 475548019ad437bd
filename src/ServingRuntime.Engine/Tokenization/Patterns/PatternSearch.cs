namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>All matches of a pattern in a text, one after the other, as Oniguruma's iterator gives them: an empty match counts unless it stands where the last one ended.</summary>
internal struct PatternSearch(SplitPattern pattern)
{
    private int from;
    private int lastEnd = -1;

    public bool TryNext(ReadOnlySpan<char> text, out int start, out int end)
    {
        while (from <= text.Length && pattern.TryFind(text, from, out start, out end))
        {
            if (end > start || end != lastEnd)
            {
                (from, lastEnd) = (end, end);
                return true;
            }

            from = end + (end + 1 < text.Length && char.IsSurrogatePair(text[end], text[end + 1]) ? 2 : 1);
        }

        (start, end) = (text.Length, text.Length);
        return false;
    }
}
