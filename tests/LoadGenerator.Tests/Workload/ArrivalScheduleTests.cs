using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class ArrivalScheduleTests
{
    [Fact]
    public void Poisson_ManyArrivals_HaveTheRateAndTheSpreadOfAPoissonProcess()
    {
        var times = ArrivalSchedule.Poisson(50, new Random(1)).Take(20_001).Select(t => t.TotalSeconds).ToArray();
        var gaps = times.Zip(times.Skip(1), (a, b) => b - a).ToArray();

        gaps.Average().Should().BeApproximately(0.02, 0.0006);
        // Exponential gaps: the standard deviation equals the mean.
        Math.Sqrt(gaps.Average(g => (g - 0.02) * (g - 0.02))).Should().BeApproximately(0.02, 0.001);
        times.Should().BeInAscendingOrder();
    }

    [Fact]
    public void Poisson_SameSeed_IsTheSame() =>
        ArrivalSchedule.Poisson(5, new Random(3)).Take(10).Should().Equal(ArrivalSchedule.Poisson(5, new Random(3)).Take(10));

    [Fact]
    public void Poisson_InfiniteRate_IsAllAtOnce() =>
        ArrivalSchedule.Poisson(double.PositiveInfinity, new Random(1)).Take(100).Should().OnlyContain(t => t == TimeSpan.Zero);
}
