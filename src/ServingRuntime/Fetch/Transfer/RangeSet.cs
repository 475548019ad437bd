namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>Bytes of a file that are there: disjoint ranges, end exclusive, in order, never adjacent.</summary>
internal sealed class RangeSet
{
    private readonly List<(long Start, long End)> ranges = [];

    public long Total => ranges.Sum(r => r.End - r.Start);

    public IReadOnlyList<(long Start, long End)> Ranges => ranges;

    public void Clear() => ranges.Clear();

    public void Add(long start, long end)
    {
        if (start < 0 || start >= end)
        {
            return;
        }

        var first = ranges.FindIndex(r => r.End >= start);
        if (first < 0)
        {
            ranges.Add((start, end));
            return;
        }

        var last = first;
        while (last < ranges.Count && ranges[last].Start <= end)
        {
            start = Math.Min(start, ranges[last].Start);
            end = Math.Max(end, ranges[last].End);
            last++;
        }

        ranges.RemoveRange(first, last - first);
        ranges.Insert(first, (start, end));
    }

    /// <summary>What is missing of the first <paramref name="length"/> bytes, in pieces of at most <paramref name="piece"/> bytes.</summary>
    public IEnumerable<(long Start, long End)> Missing(long length, long piece)
    {
        long position = 0;
        foreach (var (start, end) in ranges.Append((length, length)))
        {
            for (var limit = Math.Min(start, length); position < limit; position = Math.Min(position + piece, limit))
            {
                yield return (position, Math.Min(position + piece, limit));
            }

            position = Math.Max(position, end);
        }
    }
}
