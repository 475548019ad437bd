namespace Octavo.LoadGenerator.Statistics;

/// <summary>Summary of a sample, in the sample's unit; all zero for an empty one.</summary>
internal sealed record Distribution(double Mean, double Median, double StandardDeviation, double P90, double P95, double P99, double Max)
{
    /// <summary>At 0, 1, … 100 percent, for plots; empty for an empty sample.</summary>
    public IReadOnlyList<double> Quantiles { get; init; } = [];

    public static Distribution Of(IEnumerable<double> sample)
    {
        double[] sorted = [.. sample];
        Array.Sort(sorted);
        if (sorted.Length == 0)
        {
            return new Distribution(0, 0, 0, 0, 0, 0, 0);
        }

        var mean = sorted.Average();
        var deviation = Math.Sqrt(sorted.Average(x => (x - mean) * (x - mean)));
        return new Distribution(mean, Percentile(sorted, 50), deviation, Percentile(sorted, 90), Percentile(sorted, 95), Percentile(sorted, 99), sorted[^1])
        {
            Quantiles = [.. Enumerable.Range(0, 101).Select(p => Percentile(sorted, p))],
        };
    }

    /// <summary>Interpolates linearly between the two nearest ranks, as NumPy's default does; <paramref name="sorted"/> is ascending and not empty.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double percent)
    {
        var rank = percent / 100 * (sorted.Count - 1);
        var below = (int)Math.Floor(rank);
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((rank - below) * (sorted[above] - sorted[below]));
    }
}
