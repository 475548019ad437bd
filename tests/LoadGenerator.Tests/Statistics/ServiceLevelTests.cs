using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Tests.Statistics;

public sealed class ServiceLevelTests
{
    private static readonly RequestResult Result = new() { ScheduledAt = 1, SentAt = 1.1, TimeToFirstToken = 0.1, EndToEnd = 1.1, OutputTokens = 11 };

    [Theory]
    [InlineData("ttft:201", true)]
    [InlineData("ttft:199", false)]
    [InlineData("tpot:101", true)]
    [InlineData("tpot:99", false)]
    [InlineData("e2el:1201", true)]
    [InlineData("e2el:1199", false)]
    [InlineData("ttft:201 tpot:99", false)]
    public void IsMetBy_Result_CountsFromTheArrival(string level, bool expected) => ServiceLevel.Parse(level.Split(' '))!.IsMetBy(Result).Should().Be(expected);

    [Fact]
    public void IsMetBy_OneToken_HasNoTimePerToken() => ServiceLevel.Parse(["tpot:1"])!.IsMetBy(Result with { OutputTokens = 1 }).Should().BeTrue();

    [Theory]
    [InlineData("ttft")]
    [InlineData("ttft:x")]
    [InlineData("ttft:0")]
    [InlineData("itl:5")]
    public void Parse_OtherWords_IsNull(string word) => ServiceLevel.Parse([word]).Should().BeNull();

    [Fact]
    public void Of_Level_CountsGoodRequestsBySecond()
    {
        var summary = BenchmarkSummary.Of([Result, Result with { TimeToFirstToken = 5 }, RequestResult.Failed("timeout", "t")], TimeSpan.FromSeconds(2), ServiceLevel.Parse(["ttft:300"]));

        summary.Goodput.Should().Be(0.5);
        summary.ErrorKinds.Should().Equal(("timeout", 1));
        summary.SendDelay.Mean.Should().BeApproximately(100, 1e-9);
        summary.ArrivalTimeToFirstToken.Max.Should().BeApproximately(5100, 1e-9);
        BenchmarkSummary.Of([Result], TimeSpan.FromSeconds(2)).Goodput.Should().BeNull();
    }
}
