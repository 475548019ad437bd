namespace Octavo.EngineBench.Results;

/// <summary>The straight line y = Intercept + Slope · x with the least sum of squared relative errors, so that short and long cases count alike.</summary>
internal sealed record LinearFit(double Intercept, double Slope)
{
    /// <param name="points">Two at least, at different x, of positive y.</param>
    public static LinearFit Of(IReadOnlyList<(double X, double Y)> points)
    {
        double weights = 0, x = 0, y = 0, xx = 0, xy = 0;
        foreach (var point in points)
        {
            var weight = 1 / (point.Y * point.Y);
            weights += weight;
            x += weight * point.X;
            y += weight * point.Y;
            xx += weight * point.X * point.X;
            xy += weight * point.X * point.Y;
        }

        var slope = ((weights * xy) - (x * y)) / ((weights * xx) - (x * x));
        return new LinearFit((y - (slope * x)) / weights, slope);
    }

    public double At(double x) => Intercept + (Slope * x);
}
