using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Scraping;

public sealed class LatencyHistogramTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    [InlineData(0.05, 0.5)] // half of the first ten
    [InlineData(0.1, 1)]
    [InlineData(0.5, 3)] // 40 of the 80 between 1 and 5
    [InlineData(0.9, 5)]
    [InlineData(0.99, 5)] // beyond the last finite bound
    public void Quantile_Observations_LieLinearlyWithinTheirBucket(double q, double seconds) =>
        LatencyHistogram.Of([(1, 10), (5, 90), (Infinity, 100)])!.Quantile(q).Should().BeApproximately(seconds, 1e-9);

    [Fact]
    public void Quantile_NothingObserved_IsUnknown() => LatencyHistogram.Of([(1, 0), (Infinity, 0)])!.Quantile(0.9).Should().BeNull();

    [Fact]
    public void Of_NoBucket_IsNone() => LatencyHistogram.Of([]).Should().BeNull();

    [Fact]
    public void Of_SeveralSeries_AddsThemUp() => LatencyHistogram.Of([(1, 2), (Infinity, 3), (1, 4), (Infinity, 4)])!.Total.Should().Be(7);

    [Fact]
    public void Since_EarlierCounts_LeavesWhatCameAfter()
    {
        var later = LatencyHistogram.Of([(1, 10), (5, 30), (Infinity, 30)])!;

        later.Since(LatencyHistogram.Of([(1, 10), (5, 10), (Infinity, 10)])!)!.Quantile(0.5).Should().Be(3);
        later.Since(LatencyHistogram.Of([(2, 10), (5, 10), (Infinity, 10)])!).Should().BeNull("the bounds are others");
        later.Plus(later)!.Total.Should().Be(60);
    }
}
