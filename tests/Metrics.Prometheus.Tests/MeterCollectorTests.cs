using System.Diagnostics.Metrics;

namespace Octavo.Metrics.Prometheus.Tests;

public sealed class MeterCollectorTests : IDisposable
{
    private readonly Meter meter = new("Test." + Guid.NewGuid().ToString("N"));

    public void Dispose() => meter.Dispose();

    [Fact]
    public void Collect_CounterWithTags_HasOneSeriesPerTagSet()
    {
        using var collector = Collector();
        var counter = meter.CreateCounter<long>("requests");
        counter.Add(2, Tag("code", 200), Tag("model", "a"));
        counter.Add(3, Tag("model", "a"), Tag("code", 200));
        counter.Add(1, Tag("model", "b"), Tag("code", 404));

        var family = Family(collector, "requests_total");

        family.Type.Should().Be(MetricType.Counter);
        family.Samples.Select(s => (string.Join(",", s.Labels.Select(l => $"{l.Key}={l.Value}")), s.Value))
            .Should().BeEquivalentTo([("code=200,model=a", 5.0), ("code=404,model=b", 1.0)]);
    }

    [Fact]
    public void Collect_CounterWithNegativeIncrement_KeepsItsValue()
    {
        using var collector = Collector();
        var counter = meter.CreateCounter<int>("x");
        counter.Add(5);
        counter.Add(-3);

        Family(collector, "x_total").Samples.Single().Value.Should().Be(5);
    }

    [Fact]
    public void Collect_UpDownCounterAndGauge_AreGauges()
    {
        using var collector = Collector();
        var inFlight = meter.CreateUpDownCounter<int>("inflight");
        inFlight.Add(3);
        inFlight.Add(-1);
        meter.CreateGauge<double>("load").Record(0.5);

        Family(collector, "inflight").Should().Match<MetricFamily>(f => f.Type == MetricType.Gauge && f.Samples.Single().Value == 2);
        Family(collector, "load").Should().Match<MetricFamily>(f => f.Type == MetricType.Gauge && f.Samples.Single().Value == 0.5);
    }

    [Fact]
    public void Collect_HistogramWithAdvice_UsesItsBoundsAndPutsABoundIntoItsOwnBucket()
    {
        using var collector = Collector();
        var histogram = meter.CreateHistogram("ttft", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, double.PositiveInfinity] });
        foreach (var value in new[] { 0.5, 1, 1.5, 99, double.NaN })
        {
            histogram.Record(value);
        }

        var snapshot = Family(collector, "ttft").Samples.Single().Histogram!;

        snapshot.Bounds.Should().Equal(1, 2);
        snapshot.Counts.Should().Equal(2, 1, 1);
        snapshot.Sum.Should().Be(102);
    }

    [Fact]
    public void Collect_IntegerHistogramWithAdvice_UsesItsBounds()
    {
        using var collector = Collector();
        meter.CreateHistogram("tokens", advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [8, 16] }).Record(9);

        Family(collector, "tokens").Samples.Single().Histogram!.Counts.Should().Equal(0, 1, 0);
    }

    [Fact]
    public void Collect_ObservableSeriesNoLongerReported_IsGone()
    {
        using var collector = Collector();
        var models = new List<string> { "a", "b" };
        meter.CreateObservableGauge("endpoints", () => models.Select(m => new Measurement<int>(1, Tag("model", m))));
        Family(collector, "endpoints").Samples.Should().HaveCount(2);

        models.Remove("a");

        Family(collector, "endpoints").Samples.Single().Labels.Should().ContainSingle().Which.Should().Be(new KeyValuePair<string, string>("model", "b"));
    }

    [Fact]
    public void Collect_ObservableCounterAskedTwice_IsNotAdded()
    {
        using var collector = Collector();
        meter.CreateObservableCounter("cpu", () => 7L);
        Family(collector, "cpu_total");

        Family(collector, "cpu_total").Samples.Single().Value.Should().Be(7);
    }

    [Fact]
    public void Collect_CallbackThrows_OthersStayAndTheErrorIsCounted()
    {
        using var collector = Collector();
        meter.CreateObservableGauge<int>("bad", FailingCallback);
        meter.CreateObservableGauge("good", () => 1);

        var families = collector.Collect();

        families.Should().Contain(f => f.Name == "good").And.NotContain(f => f.Name == "bad");
        families.Single(f => f.Name == "octavo_metrics_callback_errors_total").Samples.Single().Value.Should().Be(1);
    }

    [Fact]
    public void Record_MoreTagSetsThanTheLimit_CountsTheOverflowAndKeepsTheFirst()
    {
        using var collector = Collector(new MeterCollectorOptions { MaxSeriesPerInstrument = 2 });
        var counter = meter.CreateCounter<int>("requests");
        for (var i = 0; i < 5; i++)
        {
            counter.Add(1, Tag("id", i));
        }

        counter.Add(1, Tag("id", 0));

        Family(collector, "requests_total").Samples.Select(s => s.Value).Should().Equal(2, 1);
        Family(collector, "octavo_metrics_series_overflow_total").Samples.Single().Value.Should().Be(3);
    }

    [Fact]
    public void Collect_TagsThatMapToOneLabel_AreJoined()
    {
        using var collector = Collector();
        meter.CreateCounter<int>("x").Add(1, Tag("a_b", "second"), Tag("a.b", "first"));

        Family(collector, "x_total").Samples.Single().Labels.Should().ContainSingle().Which.Should().Be(new KeyValuePair<string, string>("a_b", "first;second"));
    }

    [Fact]
    public void Collect_HistogramWithTagLe_RenamesTheTag()
    {
        using var collector = Collector();
        meter.CreateHistogram<double>("h").Record(1, Tag("le", "x"));

        Family(collector, "h").Samples.Single().Labels.Single().Key.Should().Be("exported_le");
    }

    [Fact]
    public void Collect_SameNameInTwoMeters_AddsUp()
    {
        using var second = new Meter(meter.Name);
        using var collector = Collector();
        meter.CreateCounter<int>("x").Add(1);
        second.CreateCounter<int>("x").Add(2);

        Family(collector, "x_total").Samples.Single().Value.Should().Be(3);
    }

    [Fact]
    public void Collect_SameNameWithOtherType_KeepsTheFirstOnly()
    {
        using var collector = Collector();
        meter.CreateGauge<int>("x").Record(1);
        using var second = new Meter(meter.Name);
        second.CreateHistogram<int>("x").Record(2);

        Family(collector, "x").Type.Should().Be(MetricType.Gauge);
    }

    [Fact]
    public void Collect_MeterDisposed_ForgetsItsInstruments()
    {
        using var collector = Collector();
        var second = new Meter(meter.Name);
        second.CreateCounter<int>("gone").Add(1);
        second.Dispose();

        collector.Collect().Should().NotContain(f => f.Name == "gone_total");
    }

    [Fact]
    public void Collect_MeterOfAnotherFactory_IsNotHeard()
    {
        var mine = new Scope();
        using var collector = new MeterCollector([meter.Name], scope: mine);
        using var own = new Meter(new MeterOptions(meter.Name) { Scope = mine });
        using var other = new Meter(new MeterOptions(meter.Name) { Scope = new Scope() });
        own.CreateCounter<int>("own").Add(1);
        other.CreateCounter<int>("other").Add(1);

        collector.Collect().Should().Contain(f => f.Name == "own_total").And.NotContain(f => f.Name == "other_total");
    }

    [Fact]
    public async Task Record_FromManyThreads_LosesNothing()
    {
        using var collector = Collector();
        var counter = meter.CreateCounter<int>("n");
        var histogram = meter.CreateHistogram<double>("h");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                counter.Add(1, Tag("k", i % 10));
                histogram.Record(1, Tag("k", i % 10));
            }
        })));

        Family(collector, "n_total").Samples.Should().HaveCount(10).And.OnlyContain(s => s.Value == 1600);
        Family(collector, "h").Samples.Should().HaveCount(10).And.OnlyContain(s => s.Histogram!.Sum == 1600);
    }

    [Fact]
    public void Record_KnownTagSet_AllocatesNothing()
    {
        using var collector = Collector();
        var counter = meter.CreateCounter<long>("n");
        var tag = Tag("model", "m");
        counter.Add(1, tag);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            counter.Add(1, tag);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1000);
    }

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private static int FailingCallback() => throw new InvalidOperationException("no");

    private static MetricFamily Family(MeterCollector collector, string name) => collector.Collect().Single(f => f.Name == name);

    private MeterCollector Collector(MeterCollectorOptions? options = null) => new([meter.Name], options);

    private sealed class Scope : IMeterFactory
    {
        public Meter Create(MeterOptions options) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
