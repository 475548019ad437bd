using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Octavo.Metrics.Prometheus;

/// <summary>All series of one instrument. Recording a known tag set takes one look-up and one atomic operation, and allocates nothing.</summary>
internal sealed class InstrumentState
{
    // Orders of the same tags are kept as keys of their own, so that the look-up need not sort; this bounds them.
    private const int MaxOrdersPerSeries = 8;

    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], MetricSeries> byTags = new(TagSetComparer.Instance);
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], MetricSeries>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> lookup;
    private readonly Dictionary<string, MetricSeries> byLabels = new(StringComparer.Ordinal);
    private readonly Lock creation = new();
    private readonly KeyValuePair<string, object?>[] constantTags;
    private readonly double[]? bounds;
    private readonly bool additive;
    private readonly int maxSeries;
    private long overflow;
    private long generation;

    private InstrumentState(Instrument instrument, MetricType type, bool additive, double[]? bounds, int maxSeries)
    {
        Type = type;
        Name = MetricName.ForInstrument(instrument.Name, type);
        Help = string.IsNullOrWhiteSpace(instrument.Description) ? instrument.Name : instrument.Description;
        IsObservable = instrument.IsObservable;
        constantTags = [.. instrument.Meter.Tags ?? [], .. instrument.Tags ?? []];
        lookup = byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        this.additive = additive;
        this.bounds = bounds;
        this.maxSeries = maxSeries;
    }

    public string Name { get; }
    public string Help { get; }
    public MetricType Type { get; }
    public bool IsObservable { get; }
    public long Overflow => Interlocked.Read(ref overflow);

    /// <summary>Null for kinds of instrument that are none of the platform's own.</summary>
    public static InstrumentState? TryCreate(Instrument instrument, MeterCollectorOptions options)
    {
        var kind = instrument.GetType() is { IsGenericType: true } type ? type.GetGenericTypeDefinition() : null;
        if (kind == typeof(Counter<>))
        {
            return new InstrumentState(instrument, MetricType.Counter, additive: true, null, options.MaxSeriesPerInstrument);
        }

        if (kind == typeof(ObservableCounter<>))
        {
            return new InstrumentState(instrument, MetricType.Counter, additive: false, null, options.MaxSeriesPerInstrument);
        }

        if (kind == typeof(UpDownCounter<>))
        {
            return new InstrumentState(instrument, MetricType.Gauge, additive: true, null, options.MaxSeriesPerInstrument);
        }

        if (kind == typeof(Gauge<>) || kind == typeof(ObservableGauge<>) || kind == typeof(ObservableUpDownCounter<>))
        {
            return new InstrumentState(instrument, MetricType.Gauge, additive: false, null, options.MaxSeriesPerInstrument);
        }

        if (kind == typeof(Histogram<>))
        {
            var bounds = HistogramAdvice.BoundsOf(instrument) ?? options.DefaultHistogramBounds;
            // The last bucket is +Inf anyway.
            double[] usable = [.. bounds.Where(double.IsFinite).Distinct().Order()];
            return new InstrumentState(instrument, MetricType.Histogram, additive: false, usable, options.MaxSeriesPerInstrument);
        }

        return null;
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!lookup.TryGetValue(tags, out var series))
        {
            series = GetOrCreate(tags);
            if (series is null)
            {
                Interlocked.Increment(ref overflow);
                return;
            }
        }

        if (series.Histogram is { } histogram)
        {
            histogram.Record(value);
        }
        else if (!additive)
        {
            series.Set(value);
            series.Generation = Interlocked.Read(ref generation);
        }
        else if (Type != MetricType.Counter || value >= 0)
        {
            // A counter never falls: a negative increment would read as a restart.
            series.Add(value);
        }
    }

    /// <summary>Called before an observable instrument is asked: series that it then does not report are gone.</summary>
    public void BeginObservation() => Interlocked.Increment(ref generation);

    public IReadOnlyList<MetricSample> Snapshot()
    {
        MetricSeries[] all;
        lock (creation)
        {
            if (IsObservable)
            {
                Prune(Interlocked.Read(ref generation));
            }

            all = [.. byLabels.Values];
        }

        return [.. all.Select(s => new MetricSample(s.Labels, s.Value, s.Histogram?.Snapshot()))];
    }

    /// <summary>What an observable instrument no longer reports must not count against the bound: the services of today are others than those of last year.</summary>
    private void Prune(long current)
    {
        foreach (var (key, _) in byLabels.Where(s => s.Value.Generation != current).ToList())
        {
            byLabels.Remove(key);
        }

        foreach (var (tags, series) in byTags)
        {
            if (series.Generation != current)
            {
                byTags.TryRemove(tags, out _);
            }
        }
    }

    private MetricSeries? GetOrCreate(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = LabelSet.FromTags(constantTags, tags, Type == MetricType.Histogram);
        var key = string.Join('\u0001', labels.Select(l => l.Key + '\u0002' + l.Value));
        lock (creation)
        {
            if (!byLabels.TryGetValue(key, out var series))
            {
                if (byLabels.Count >= maxSeries)
                {
                    return null;
                }

                series = new MetricSeries(labels, bounds is null ? null : new HistogramAccumulator(bounds));
                byLabels.Add(key, series);
            }

            if (byTags.Count < maxSeries * MaxOrdersPerSeries)
            {
                lookup.TryAdd(tags, series);
            }

            return series;
        }
    }
}
