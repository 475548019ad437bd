namespace Octavo.EngineBench.Results;

public sealed class LinearFitTests
{
    [Fact]
    public void Of_PointsOnALine_IsThatLine()
    {
        var line = LinearFit.Of([(1, 5), (2, 8), (10, 32)]);
        line.Slope.Should().BeApproximately(3, 1e-12);
        line.Intercept.Should().BeApproximately(2, 1e-12);
        line.At(4).Should().BeApproximately(14, 1e-12);
    }

    /// <summary>A tenth off at the short end moves the line more than a tenth of the long end's value would, were it absolute.</summary>
    [Fact]
    public void Of_NoisyPoints_WeighsRelativeErrors()
    {
        var line = LinearFit.Of([(1, 1), (2, 2), (1000, 1100)]);
        (line.At(1) / 1).Should().BeApproximately(1, 0.06);
        (line.At(1000) / 1100).Should().BeApproximately(1, 0.06);
    }
}
