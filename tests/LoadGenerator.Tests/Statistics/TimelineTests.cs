using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Tests.Statistics;

public sealed class TimelineTests
{
    [Fact]
    public void Of_Requests_CountsTokensWhereTheyCameAndRequestsWhileTheyRan()
    {
        var timeline = Timeline.Of(
            [
                new RequestResult { ScheduledAt = 0, SentAt = 1, TimeToFirstToken = 1.5, InterTokenLatencies = [1, 1], EndToEnd = 3.5, OutputTokens = 6 },
                new RequestResult { ScheduledAt = 11.9, SentAt = 12, Error = "x" },
            ],
            12);

        timeline.SliceSeconds.Should().BeApproximately(0.1, 1e-9);
        timeline.InFlight.Should().HaveCount(120);
        timeline.OutputTokensPerSecond.Sum(t => t * 0.1).Should().BeApproximately(6, 1e-9, "three pieces of two tokens each");
        timeline.OutputTokensPerSecond[25].Should().BeApproximately(20, 1e-9);
        (timeline.InFlight.Sum() * 0.1).Should().BeApproximately(3.5, 1e-9);
        timeline.Arrivals.Sum().Should().Be(2);
        timeline.Arrivals[0].Should().Be(1);
    }

    [Fact]
    public void Of_Nothing_IsOneEmptySlice() => Timeline.Of([], 0).InFlight.Should().Equal(0);
}
