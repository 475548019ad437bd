namespace Octavo.Metrics.Prometheus;

/// <summary>Merges series of instruments that share a family, so that no label set appears twice in an exposition (scrapers refuse that).</summary>
internal static class SampleMerge
{
    public static IReadOnlyList<MetricSample> Merge(IEnumerable<MetricSample> samples, MetricType type)
    {
        var merged = new Dictionary<string, MetricSample>(StringComparer.Ordinal);
        foreach (var sample in samples)
        {
            var key = string.Join('\u0001', sample.Labels.Select(l => l.Key + '\u0002' + l.Value));
            merged[key] = merged.TryGetValue(key, out var earlier) ? Combine(earlier, sample, type) : sample;
        }

        return [.. merged.Values];
    }

    private static MetricSample Combine(MetricSample earlier, MetricSample later, MetricType type) => type switch
    {
        MetricType.Counter => later with { Value = earlier.Value + later.Value },
        MetricType.Histogram when earlier.Histogram is { } a && later.Histogram is { } b && a.Bounds.SequenceEqual(b.Bounds) =>
            later with { Histogram = new HistogramSnapshot(a.Bounds, [.. a.Counts.Zip(b.Counts, (x, y) => x + y)], a.Sum + b.Sum) },
        _ => later,
    };
}
