using System.Diagnostics.Metrics;

namespace Octavo.Metrics.Prometheus;

/// <summary>Reads the bucket bounds that an instrument's author advised.</summary>
internal static class HistogramAdvice
{
    public static IReadOnlyList<double>? BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> h => h.Advice?.HistogramBucketBoundaries,
        Histogram<long> h => Widen(h.Advice?.HistogramBucketBoundaries),
        Histogram<int> h => Widen(h.Advice?.HistogramBucketBoundaries),
        Histogram<float> h => Widen(h.Advice?.HistogramBucketBoundaries),
        Histogram<short> h => Widen(h.Advice?.HistogramBucketBoundaries),
        Histogram<byte> h => Widen(h.Advice?.HistogramBucketBoundaries),
        Histogram<decimal> h => Widen(h.Advice?.HistogramBucketBoundaries),
        _ => null,
    };

    private static IReadOnlyList<double>? Widen<T>(IReadOnlyList<T>? bounds) where T : System.Numerics.INumber<T> =>
        bounds is null ? null : [.. bounds.Select(double.CreateChecked)];
}
