using Octavo.Operator.Storage;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Storage;

public sealed class FetchNewsTests
{
    [Theory]
    [InlineData("Downloading", 5000, 10, 14, false, "too soon, however far it came")]
    [InlineData("Downloading", 110, 10, 15, true, "a hundredth of the whole")]
    [InlineData("Downloading", 109, 10, 15, false, "less than that")]
    [InlineData("Downloading", 109, 10, 60, true, "less, but the figures are a minute old")]
    [InlineData("Downloading", 100, 0, 15, true, "it stands still")]
    [InlineData("Downloading", 100, 10, 600, false, "nothing is new")]
    [InlineData("Verifying", 100, 10, 0, true, "another phase")]
    public void IsWorthTelling_Row(string phase, long bytes, long perSecond, int seconds, bool expected, string because)
    {
        var before = new FetchProgress { Phase = FetchPhase.Downloading, Bytes = 100, TotalBytes = 1000, BytesPerSecond = 10 };
        var now = before with { Phase = phase, Bytes = bytes, BytesPerSecond = perSecond };

        FetchNews.IsWorthTelling(before, now, TimeSpan.FromSeconds(seconds)).Should().Be(expected, because);
    }

    [Fact]
    public void Tell_AFetchOfAnHourLookedAtEveryFiveSeconds_TellsAtMostAHundredTimesAndEndsNearTheTruth()
    {
        const long total = 3600L << 20;
        var (states, key, told, now) = (new FetchStates(), new ControllerRuntime.NamespacedName("a", "b"), 0, DateTimeOffset.UnixEpoch);
        for (var second = 0; second < 3600; second += 5)
        {
            var progress = new FetchProgress { Phase = FetchPhase.Downloading, Bytes = (long)second << 20, TotalBytes = total, BytesPerSecond = 1 << 20, RemainingSeconds = 3600 - second };
            told += states.Tell(key, progress, now.AddSeconds(second)) ? 1 : 0;
        }

        told.Should().BeInRange(60, 101);
        (total - states.Find(key)!.Bytes).Should().BeLessThan(total / 50);
    }
}
