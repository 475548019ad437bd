using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Tests.Statistics;

public sealed class BenchmarkSummaryTests
{
    [Fact]
    public void Of_GoodAndFailed_CountsOnlyTheGoodOnes()
    {
        var good = new RequestResult { PromptTokens = 10, CachedTokens = 4, OutputTokens = 5, TimeToFirstToken = 0.2, EndToEnd = 1.0, InterTokenLatencies = [0.2, 0.2, 0.2, 0.2] };
        var single = new RequestResult { PromptTokens = 10, OutputTokens = 1, TimeToFirstToken = 0.4, EndToEnd = 0.4 };
        var summary = BenchmarkSummary.Of([good, single, new RequestResult { Error = "b" }, new RequestResult { Error = "a" }, new RequestResult { Error = "a" }], TimeSpan.FromSeconds(2));

        summary.Completed.Should().Be(2);
        summary.Failed.Should().Be(3);
        summary.InputTokens.Should().Be(20);
        summary.CachedTokens.Should().Be(4);
        summary.RequestThroughput.Should().Be(1);
        summary.OutputThroughput.Should().Be(3);
        summary.TotalThroughput.Should().Be(13);
        summary.TimeToFirstToken.Mean.Should().BeApproximately(300, 1e-9);
        summary.TimePerOutputToken.Mean.Should().BeApproximately(200, 1e-9, "a single token has no time per further token");
        summary.InterTokenLatency.Max.Should().BeApproximately(200, 1e-9);
        summary.Errors.Should().Equal(("a", 2), ("b", 1));
    }

    [Fact]
    public void Of_Nothing_HasNoNaN()
    {
        var summary = BenchmarkSummary.Of([], TimeSpan.Zero);

        summary.OutputThroughput.Should().Be(0);
        summary.EndToEnd.Mean.Should().Be(0);
    }
}
