using Octavo.ServingRuntime.Engine.Sampling;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

public sealed class LogprobsGathererTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(-1)]
    [InlineData(500)]
    public void Gather_AnyNumber_IsTheFrontOfTheSortedRow(int top)
    {
        var random = new Random(top);
        for (var round = 0; round < 20; round++)
        {
            // Few values, so that there are equals to be put in order.
            var row = Enumerable.Range(0, 203).Select(_ => -random.Next(30) / 4f).ToArray();
            var sorted = row.Select((logprob, id) => (TokenId: id, Logprob: logprob)).OrderByDescending(t => t.Logprob).ThenBy(t => t.TokenId).ToList();
            var token = random.Next(row.Length);

            var result = new LogprobsGatherer(row.Length).Gather(row, token, top, [5, 200, 203, 5]);

            result.Top.Should().Equal(sorted.Take(top < 0 ? row.Length : top));
            result.Requested.Should().Equal((5, row[5]), (200, row[200]), (5, row[5]));
            (result.TokenId, result.Logprob).Should().Be((token, row[token]));
            result.Rank.Should().Be(1 + row.Count(logprob => logprob > row[token]));
        }
    }
}
