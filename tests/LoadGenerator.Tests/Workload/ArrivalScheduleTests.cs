using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class ArrivalScheduleTests
{
    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(0.25, 2.0)]
    [InlineData(4.0, 0.5)]
    public void Of_Burstiness_HasTheRateAndTheSpread(double burstiness, double variation)
    {
        var gaps = Gaps(new ServeOptions { RequestRate = 50, Burstiness = burstiness }, 40_001);

        gaps.Average().Should().BeApproximately(0.02, 0.0009);
        // Of gamma gaps the standard deviation by the mean is 1 / sqrt(shape); for 1 they are exponential.
        Math.Sqrt(gaps.Average(g => (g - 0.02) * (g - 0.02))).Should().BeApproximately(0.02 * variation, 0.0016 * variation);
        gaps.Should().OnlyContain(g => g >= 0);
    }

    [Fact]
    public void Of_Bursts_ComeTogetherAtTheSameRate()
    {
        var times = Times(new ServeOptions { RequestRate = 50, BurstSize = 10 }, 20_000);

        times.Chunk(10).Should().OnlyContain(burst => burst.Distinct().Count() == 1);
        (times.Length / times[^1]).Should().BeApproximately(50, 3);
    }

    [Theory]
    [InlineData(false, 55)]
    [InlineData(true, 31.6)]
    public void Of_RampUp_ClimbsFromTheFirstRateToTheLast(bool exponential, double middle)
    {
        var options = new ServeOptions { RampUp = new RampUp(exponential, 10, 100), Burstiness = 400 };
        var gaps = Gaps(options, 3001, 3001);

        (1 / gaps.Take(50).Average()).Should().BeApproximately(10, 1.5);
        (1 / gaps.Skip(1475).Take(50).Average()).Should().BeApproximately(middle, 3);
        (1 / gaps.TakeLast(50).Average()).Should().BeApproximately(100, 5);
    }

    [Fact]
    public void Of_SameSeed_IsTheSame() => Times(new ServeOptions { RequestRate = 5 }, 10).Should().Equal(Times(new ServeOptions { RequestRate = 5 }, 10));

    [Fact]
    public void Of_InfiniteRate_IsAllAtOnce() => Times(new ServeOptions(), 100).Should().OnlyContain(t => t == 0);

    private static double[] Times(ServeOptions options, int count, int? of = null) => [.. ArrivalSchedule.Of(options, of, new Random(1)).Take(count).Select(t => t.TotalSeconds)];

    private static double[] Gaps(ServeOptions options, int count, int? of = null)
    {
        var times = Times(options, count, of);
        return [.. times.Zip(times.Skip(1), (a, b) => b - a)];
    }
}
