using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Tests.Speculation;

public sealed class NgramIndexTests
{
    [Theory]
    [InlineData(1, 3, 40)]
    [InlineData(2, 4, 12)]
    [InlineData(3, 5, 5)]
    public void Find_GrowingSequence_LongestThenLatestMatch(int least, int most, int vocabulary)
    {
        var random = new Random(17);
        for (var round = 0; round < 30; round++)
        {
            // Few enough that no chain is longer than what a look-up follows; grows past its first capacity.
            var tokens = Enumerable.Range(0, 120).Select(_ => random.Next(vocabulary)).ToArray();
            var index = new NgramIndex(least, most, capacity: 20);
            for (var length = 1; length <= tokens.Length; length += random.Next(1, 4))
            {
                index.Find(tokens.AsSpan(0, length)).Should().Be(Naive(tokens.AsSpan(0, length), least, most), $"round {round}, {length} tokens");
            }
        }
    }

    [Fact]
    public void Find_OneTokenForEver_IsBounded()
    {
        var tokens = new int[200_000];
        var index = new NgramIndex(3, 5, capacity: 16);
        for (var length = 1; length < tokens.Length; length += 500)
        {
            (index.Find(tokens.AsSpan(0, length)) is null).Should().Be(length <= 3);
        }
    }

    private static int? Naive(ReadOnlySpan<int> tokens, int least, int most)
    {
        for (var n = Math.Min(most, tokens.Length - 1); n >= least; n--)
        {
            for (var end = tokens.Length - 1; end >= n; end--)
            {
                if (tokens[(end - n)..end].SequenceEqual(tokens[^n..]))
                {
                    return end;
                }
            }
        }

        return null;
    }
}
