using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Octavo.Metrics.Prometheus;

/// <summary>
/// Listens to the instruments of named meters and keeps the current value of every instrument and tag set.
/// <para>With a <c>scope</c>, only meters made by that factory (or by none) are heard, so two hosts in one process do not count each other's work.</para>
/// </summary>
public sealed partial class MeterCollector : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly HashSet<string> meterNames;
    private readonly MeterCollectorOptions options;
    private readonly ILogger logger;
    private readonly object? scope;
    private readonly Lock collection = new();
    private readonly Lock registration = new();
    private readonly List<InstrumentState> instruments = [];
    private readonly HashSet<string> reportedConflicts = new(StringComparer.Ordinal);
    private long callbackErrors;

    public MeterCollector(IEnumerable<string> meterNames, MeterCollectorOptions? options = null, ILogger<MeterCollector>? logger = null, IMeterFactory? scope = null)
    {
        this.meterNames = new HashSet<string>(meterNames, StringComparer.Ordinal);
        this.options = options ?? new MeterCollectorOptions();
        this.logger = logger ?? NullLogger<MeterCollector>.Instance;
        this.scope = scope;
        listener.InstrumentPublished = Publish;
        listener.MeasurementsCompleted = (_, state) => Remove(state);
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => Record(state, value, tags));
        listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => Record(state, (double)value, tags));
        listener.Start();
    }

    /// <summary>
    /// Asks the observable instruments and returns all families by name. Instruments of one name and type share a family (counters and histograms
    /// of equal labels add up, of gauges the later instrument wins); one of another type is left out, logged once, since a family has one type.
    /// </summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (collection)
        {
            InstrumentState[] states;
            lock (registration)
            {
                states = [.. instruments];
            }

            foreach (var state in states)
            {
                if (state.IsObservable)
                {
                    state.BeginObservation();
                }
            }

            try
            {
                listener.RecordObservableInstruments();
            }
            catch (AggregateException e)
            {
                // The failing instruments' series are absent from this scrape, which says more than their last values would.
                callbackErrors += e.InnerExceptions.Count;
                LogCallbackFailed(e);
            }

            return BuildFamilies(states);
        }
    }

    public void Dispose() => listener.Dispose();

    private static void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => ((InstrumentState)state!).Record(value, tags);

    private void Publish(Instrument instrument, MeterListener self)
    {
        if (!meterNames.Contains(instrument.Meter.Name) || (scope is not null && instrument.Meter.Scope is not null && !ReferenceEquals(instrument.Meter.Scope, scope)))
        {
            return;
        }

        if (InstrumentState.TryCreate(instrument, options) is { } state)
        {
            lock (registration)
            {
                instruments.Add(state);
            }

            self.EnableMeasurementEvents(instrument, state);
        }
    }

    private void Remove(object? state)
    {
        lock (registration)
        {
            instruments.Remove((InstrumentState)state!);
        }
    }

    private List<MetricFamily> BuildFamilies(InstrumentState[] states)
    {
        var families = new List<MetricFamily>();
        foreach (var group in states.GroupBy(s => s.Name, StringComparer.Ordinal))
        {
            var first = group.First();
            var members = group.Where(s => s.Type == first.Type).ToArray();
            if (members.Length != group.Count() && reportedConflicts.Add(first.Name))
            {
                LogTypeConflict(first.Name, first.Type);
            }

            var samples = members.Length == 1 ? first.Snapshot() : SampleMerge.Merge(members.SelectMany(m => m.Snapshot()), first.Type);
            if (samples.Count > 0)
            {
                families.Add(new MetricFamily(first.Name, first.Help, first.Type, samples));
            }
        }

        AddOwn(families, states);
        families.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return families;
    }

    private void AddOwn(List<MetricFamily> families, InstrumentState[] states)
    {
        var overflown = states.Where(s => s.Overflow > 0).GroupBy(s => s.Name, StringComparer.Ordinal)
            .Select(g => new MetricSample([new("instrument", g.Key)], g.Sum(s => s.Overflow))).ToArray();
        if (overflown.Length > 0)
        {
            families.Add(new MetricFamily("octavo_metrics_series_overflow_total", "Measurements dropped because the instrument has its limit of series.", MetricType.Counter, overflown));
        }

        families.Add(new MetricFamily("octavo_metrics_callback_errors_total", "Observable instruments whose callback failed during a scrape.", MetricType.Counter, [new MetricSample([], callbackErrors)]));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The callback of an observable instrument failed")]
    private partial void LogCallbackFailed(Exception exception);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Instruments of different kinds share the name {Name}: only those of type {Type} are exposed")]
    private partial void LogTypeConflict(string name, MetricType type);
}
