using Octavo.Operator.Autoscaling;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Autoscaling;

public sealed class CounterWindowTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void With_FirstAnswer_KnowsNoRate() => CounterWindow.Empty.With(Start, Counters(1000, 500)).Rates.Should().BeNull("what was counted before was counted at an unknown time");

    [Fact]
    public void With_TwoAnswers_TellsWhatHappenedBetween()
    {
        var rates = CounterWindow.Empty.With(Start, Counters(1000, 1000)).With(Start.AddSeconds(10), Counters(1400, 1100)).Rates!;

        (rates.PromptTokensPerSecond, rates.CacheHitTokensPerSecond, rates.UncachedTokensPerSecond, rates.CacheHitRate).Should().Be((40, 10, 30, 0.25));
    }

    [Fact]
    public void With_TrafficChanges_ForgetsWhatIsOlderThanAMinute()
    {
        var window = CounterWindow.Empty;
        double queries = 0, hits = 0;
        for (var second = 0; second <= 3600; second += 2)
        {
            // An hour of hits, then none for the last 70 seconds.
            window = window.With(Start.AddSeconds(second), Counters(queries, hits));
            queries += 100;
            hits += second < 3530 ? 100 : 0;
            window.Count.Should().BeLessThanOrEqualTo(9);
        }

        window.Rates!.CacheHitRate.Should().Be(0, "the mean of its life would be 98 %");
        window.Rates.PromptTokensPerSecond.Should().BeApproximately(50, 1e-9);
    }

    [Fact]
    public void With_NothingAsked_HasNoHitRate()
    {
        var rates = CounterWindow.Empty.With(Start, Counters(1000, 1000)).With(Start.AddSeconds(10), Counters(1000, 1000)).Rates!;

        rates.CacheHitRate.Should().BeNull();
        rates.PromptTokensPerSecond.Should().Be(0);
    }

    [Fact]
    public void With_ProcessStartedAnew_StartsAnew()
    {
        var window = CounterWindow.Empty.With(Start, Counters(1000, 900)).With(Start.AddSeconds(10), Counters(2000, 1800)).With(Start.AddSeconds(12), Counters(100, 0));

        window.Rates.Should().BeNull();
        window.With(Start.AddSeconds(14), Counters(300, 0)).Rates!.PromptTokensPerSecond.Should().Be(100);
    }

    [Fact]
    public void With_LongSilence_StartsAnew() =>
        CounterWindow.Empty.With(Start, Counters(1000, 900)).With(Start.AddMinutes(5), Counters(9000, 1800)).Rates.Should().BeNull();

    [Fact]
    public void With_CacheSwitchedOff_AllIsComputed()
    {
        var off = new ReplicaCounters { PromptTokens = 100, CacheQueries = 0, CacheHits = 0 };

        var rates = CounterWindow.Empty.With(Start, off).With(Start.AddSeconds(10), off with { PromptTokens = 600 }).Rates!;

        (rates.UncachedTokensPerSecond, rates.CacheHitRate).Should().Be((50, null));
    }

    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(3, 750.0)] // three of 500 tokens, half of them cached
    public void Load_RuntimeTellsNoUncachedTokens_EstimatesThem(double waiting, double expected)
    {
        var before = new ReplicaCounters { CacheQueries = 0, CacheHits = 0, PromptLengths = 0, Prompts = 0 };
        var rates = CounterWindow.Empty.With(Start, before).With(Start.AddSeconds(10), new ReplicaCounters { CacheQueries = 1000, CacheHits = 500, PromptLengths = 1000, Prompts = 2 }).Rates;

        ReplicaLoad.Of(new ReplicaReading(waiting, 1, 0.1) { Counters = before }, rates).UncachedQueuedTokens.Should().Be(expected);
    }

    [Fact]
    public void Load_NothingToEstimateFrom_IsUnknown()
    {
        var load = ReplicaLoad.Of(new ReplicaReading(3, 1, 0.1), null);

        load.UncachedQueuedTokens.Should().BeNull();
        load.LacksUncachedTokens.Should().BeTrue();
        load.LacksTimeToFirstToken.Should().BeTrue();
    }

    private static ReplicaCounters Counters(double queries, double hits) => new() { PromptTokens = queries, CacheQueries = queries, CacheHits = hits };
}
