namespace Octavo.Metrics.Prometheus;

/// <summary>The current value of one instrument and one label set. All members may be called from any thread.</summary>
internal sealed class MetricSeries(KeyValuePair<string, string>[] labels, HistogramAccumulator? histogram)
{
    private double value;

    public KeyValuePair<string, string>[] Labels { get; } = labels;

    public HistogramAccumulator? Histogram { get; } = histogram;

    /// <summary>Scrape in which an observable instrument last reported this series.</summary>
    public long Generation { get; set; }

    public double Value => Volatile.Read(ref value);

    public void Set(double newValue) => Volatile.Write(ref value, newValue);

    public void Add(double delta)
    {
        var seen = Volatile.Read(ref value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref value, seen + delta, seen);
            // Compared as bits: NaN differs from itself, and would never leave the loop.
            if (BitConverter.DoubleToInt64Bits(before) == BitConverter.DoubleToInt64Bits(seen))
            {
                return;
            }

            seen = before;
        }
    }
}
