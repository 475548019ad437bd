namespace Octavo.Metrics.Prometheus;

/// <summary>Counts per bucket and the sum. A lock, not atomics, so that a snapshot's sum belongs to its counts.</summary>
internal sealed class HistogramAccumulator(double[] bounds)
{
    private readonly Lock gate = new();
    private readonly long[] counts = new long[bounds.Length + 1];
    private double sum;

    /// <summary>A value belongs to the first bucket whose bound is not below it. NaN is dropped: it would spoil the sum for ever.</summary>
    public void Record(double value)
    {
        if (double.IsNaN(value))
        {
            return;
        }

        var index = Array.BinarySearch(bounds, value);
        if (index < 0)
        {
            index = ~index;
        }

        lock (gate)
        {
            counts[index]++;
            sum += value;
        }
    }

    public HistogramSnapshot Snapshot()
    {
        lock (gate)
        {
            return new HistogramSnapshot(bounds, [.. counts], sum);
        }
    }
}
