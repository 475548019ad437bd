namespace Octavo.Operator.Scraping;

/// <summary>Cumulative counts by upper bound in seconds, as a Prometheus histogram tells them.</summary>
internal sealed class LatencyHistogram
{
    private readonly double[] bounds;
    private readonly double[] counts;

    private LatencyHistogram(double[] bounds, double[] counts) => (this.bounds, this.counts) = (bounds, counts);

    /// <summary>Observations.</summary>
    public double Total => counts.Length == 0 ? 0 : counts[^1];

    /// <summary>Buckets of equal bound are added up: they belong to series that differ in other labels. Null where there is none.</summary>
    public static LatencyHistogram? Of(IEnumerable<(double UpperBound, double Count)> buckets)
    {
        var byBound = new SortedDictionary<double, double>();
        foreach (var (bound, count) in buckets)
        {
            byBound[bound] = byBound.GetValueOrDefault(bound) + count;
        }

        return byBound.Count == 0 ? null : new LatencyHistogram([.. byBound.Keys], [.. byBound.Values]);
    }

    /// <summary>What came since; null where the bounds are others.</summary>
    public LatencyHistogram? Since(LatencyHistogram earlier) => Combine(earlier, (now, before) => Math.Max(0, now - before));

    /// <summary>The observations of both; null where the bounds are others.</summary>
    public LatencyHistogram? Plus(LatencyHistogram other) => Combine(other, (a, b) => a + b);

    /// <summary>
    /// The quantile in seconds as Prometheus' histogram_quantile has it: linear within its bucket, the greatest finite bound where it lies beyond it.
    /// Null without an observation.
    /// </summary>
    /// <param name="q">0..1.</param>
    public double? Quantile(double q)
    {
        if (Total <= 0)
        {
            return null;
        }

        var rank = q * Total;
        var i = Array.FindIndex(counts, count => count >= rank);
        var (lower, below) = i > 0 ? (bounds[i - 1], counts[i - 1]) : (0, 0);
        if (!double.IsFinite(bounds[i]))
        {
            return i > 0 ? lower : null;
        }

        var within = counts[i] - below;
        return within <= 0 ? bounds[i] : lower + (bounds[i] - lower) * (rank - below) / within;
    }

    private LatencyHistogram? Combine(LatencyHistogram other, Func<double, double, double> combine) =>
        bounds.AsSpan().SequenceEqual(other.bounds) ? new LatencyHistogram(bounds, [.. counts.Zip(other.counts, combine)]) : null;
}
