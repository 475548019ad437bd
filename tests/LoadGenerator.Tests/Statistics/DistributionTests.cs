using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Tests.Statistics;

public sealed class DistributionTests
{
    [Fact]
    public void Of_KnownSample_EqualsNumPy()
    {
        // numpy.percentile([4, 1, 3, 2], [50, 90, 99]) = 2.5, 3.7, 3.97; std = 1.118033988749895
        var distribution = Distribution.Of([4, 1, 3, 2]);

        distribution.Mean.Should().Be(2.5);
        distribution.Median.Should().Be(2.5);
        distribution.P90.Should().BeApproximately(3.7, 1e-12);
        distribution.P95.Should().BeApproximately(3.85, 1e-12);
        distribution.P99.Should().BeApproximately(3.97, 1e-12);
        distribution.Max.Should().Be(4);
        distribution.StandardDeviation.Should().BeApproximately(1.118033988749895, 1e-12);
    }

    [Fact]
    public void Of_One_IsThatOneEverywhere() => (Distribution.Of([7]) with { Quantiles = [] }).Should().Be(new Distribution(7, 7, 0, 7, 7, 7, 7) { Quantiles = [] });

    [Fact]
    public void Of_None_IsZero() => Distribution.Of([]).Should().Be(new Distribution(0, 0, 0, 0, 0, 0, 0));
}
