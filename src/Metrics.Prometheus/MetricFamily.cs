namespace Octavo.Metrics.Prometheus;

/// <summary>One metric family at one moment; the name is already legal and, for counters, ends in <c>_total</c>.</summary>
public sealed record MetricFamily(string Name, string Help, MetricType Type, IReadOnlyList<MetricSample> Samples);

public enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One series of a family. <see cref="Labels"/> are legal names in ordinal order, each once; <see cref="Histogram"/> is set exactly for histograms.</summary>
public sealed record MetricSample(IReadOnlyList<KeyValuePair<string, string>> Labels, double Value, HistogramSnapshot? Histogram = null);

/// <summary><see cref="Counts"/> has one entry per bound and a last one for all above; counts are per bucket, not cumulated.</summary>
public sealed record HistogramSnapshot(IReadOnlyList<double> Bounds, IReadOnlyList<long> Counts, double Sum);
