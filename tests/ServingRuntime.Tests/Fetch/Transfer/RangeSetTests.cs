using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Tests.Fetch.Transfer;

public sealed class RangeSetTests
{
    /// <summary>A set of bytes is the model: what was added is not missing, all else is, pieces are small, disjoint and in order.</summary>
    [Fact]
    public void Missing_AnyRanges_AreExactlyTheRest() => Prop.ForAll<(byte, byte)[], byte, byte>(Holds).QuickCheckThrowOnFailure();

    private static bool Holds((byte Start, byte Length)[] added, byte length, byte piece)
    {
        var set = new RangeSet();
        var bytes = new HashSet<long>();
        foreach (var (start, count) in added)
        {
            set.Add(start, start + count);
            bytes.UnionWith(Enumerable.Range(start, count).Select(i => (long)i));
        }

        var pieces = set.Missing(length, piece + 1L).ToList();
        var missing = pieces.SelectMany(p => Enumerable.Range((int)p.Start, (int)(p.End - p.Start)).Select(i => (long)i)).ToList();
        return set.Total == bytes.Count
            && missing.SequenceEqual(Enumerable.Range(0, length).Select(i => (long)i).Where(i => !bytes.Contains(i)))
            && pieces.TrueForAll(p => p.End > p.Start && p.End - p.Start <= piece + 1)
            && set.Ranges.Zip(set.Ranges.Skip(1)).All(pair => pair.First.End < pair.Second.Start);
    }
}
