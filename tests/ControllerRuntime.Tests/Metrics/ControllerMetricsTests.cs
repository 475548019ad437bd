using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Controller;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.Metrics;

public sealed class ControllerMetricsTests : IDisposable
{
    private readonly FakeTimeProvider clock = new();
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, double> values = new();
    private readonly Meter meter = new(ControllerMetrics.MeterName);
    private readonly ControllerMetrics metrics;

    public ControllerMetricsTests()
    {
        metrics = new ControllerMetrics(new Factory(meter));
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => values.AddOrUpdate(instrument.Name, value, (_, before) => before + value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();
    }

    public void Dispose()
    {
        listener.Dispose();
        metrics.Dispose();
        meter.Dispose();
    }

    [Fact]
    public void Names_OfControllerRuntimeAndItsWorkqueue_AreAllThere()
    {
        var names = new ConcurrentBag<string>();
        using var everything = new MeterListener();
        everything.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                names.Add(instrument.Name);
            }
        };
        everything.Start();

        // What controller-runtime 0.22 registers, but for webhooks and certificates, which there are none of.
        names.Should().BeEquivalentTo(
            "controller_runtime_reconcile_total", "controller_runtime_reconcile_errors_total", "controller_runtime_terminal_reconcile_errors_total",
            "controller_runtime_reconcile_panics_total", "controller_runtime_reconcile_timeouts_total", "controller_runtime_reconcile_time_seconds",
            "controller_runtime_max_concurrent_reconciles", "controller_runtime_active_workers",
            "workqueue_depth", "workqueue_adds_total", "workqueue_retries_total", "workqueue_queue_duration_seconds", "workqueue_work_duration_seconds",
            "workqueue_unfinished_work_seconds", "workqueue_longest_running_processor_seconds",
            "leader_election_master_status", "leader_election_slowpath_total");
    }

    [Fact]
    public async Task UnfinishedWork_TwoKeysBeingWorkedOn_IsTheirSumAndTheLongest()
    {
        using var queue = new WorkQueue("q", clock, metrics: metrics);
        queue.Add(new NamespacedName("n", "a"));
        await queue.GetAsync(default);
        clock.Advance(TimeSpan.FromSeconds(10));
        queue.Add(new NamespacedName("n", "b"));
        await queue.GetAsync(default);
        clock.Advance(TimeSpan.FromSeconds(5));

        Unfinished().Should().Be((20, 15));
        queue.Done(new NamespacedName("n", "a"));
        Unfinished().Should().Be((5, 5));
        queue.Done(new NamespacedName("n", "b"));
        Unfinished().Should().Be((0, 0));
    }

    [Theory]
    [InlineData(typeof(InvalidOperationException), 1)]
    [InlineData(typeof(HttpRequestException), 0)]
    public async Task Panics_ExceptionOfAReconcile_CountsIfItIsABug(Type type, long expected)
    {
        using var queue = new WorkQueue("q", clock, metrics: metrics);
        using var stop = new CancellationTokenSource();
        var loop = new ReconcileLoop(
            queue, (_, _) => throw (Exception)Activator.CreateInstance(type)!, new ControllerOptions(), clock, NullLogger.Instance, metrics);
        var running = loop.RunAsync(stop.Token);
        queue.Add(new NamespacedName("n", "a"));

        await Eventually.HoldsAsync(() => values.GetValueOrDefault("controller_runtime_reconcile_errors_total") == 1, "it failed");

        values["controller_runtime_reconcile_panics_total"].Should().Be(expected);
        await stop.CancelAsync();
        await running;
    }

    private (double Sum, double Longest) Unfinished()
    {
        listener.RecordObservableInstruments();
        return (values["workqueue_unfinished_work_seconds"], values["workqueue_longest_running_processor_seconds"]);
    }

    private sealed class Factory(Meter meter) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meter;

        public void Dispose()
        {
        }
    }
}
