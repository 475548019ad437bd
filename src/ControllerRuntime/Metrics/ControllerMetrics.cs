using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Octavo.ControllerRuntime.Metrics;

/// <summary>The instruments of controllers and queues, with the names that controller-runtime and client-go gave them, so that their dashboards work.</summary>
public sealed class ControllerMetrics : IDisposable
{
    public const string MeterName = "Octavo.ControllerRuntime";

    // From a cache hit to a slow API server.
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Meter meter;
    private readonly bool ownsMeter;
    private readonly Counter<long> reconciles;
    private readonly Counter<long> reconcileErrors;
    private readonly Counter<long> terminalErrors;
    private readonly Histogram<double> reconcileTime;
    private readonly UpDownCounter<long> activeWorkers;
    private readonly UpDownCounter<long> maxWorkers;
    private readonly UpDownCounter<long> depth;
    private readonly Counter<long> adds;
    private readonly Counter<long> retries;
    private readonly Histogram<double> queueTime;
    private readonly Histogram<double> workTime;
    private readonly UpDownCounter<long> leading;
    private readonly Counter<long> panics;
    private readonly Counter<long> timeouts;
    private readonly Counter<long> slowPaths;
    private readonly ConcurrentDictionary<string, Func<(double Sum, double Longest)>> unfinished = new(StringComparer.Ordinal);

    public ControllerMetrics(IMeterFactory? factory = null)
    {
        ownsMeter = factory is null;
        meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        reconciles = meter.CreateCounter<long>("controller_runtime_reconcile_total", description: "Reconciles by controller and result.");
        reconcileErrors = meter.CreateCounter<long>("controller_runtime_reconcile_errors_total", description: "Reconciles that failed.");
        terminalErrors = meter.CreateCounter<long>("controller_runtime_terminal_reconcile_errors_total", description: "Reconciles that failed and are not tried again.");
        reconcileTime = meter.CreateHistogram("controller_runtime_reconcile_time_seconds", "s", "Length of a reconcile.", advice: buckets);
        activeWorkers = meter.CreateUpDownCounter<long>("controller_runtime_active_workers", description: "Workers that are reconciling.");
        maxWorkers = meter.CreateUpDownCounter<long>("controller_runtime_max_concurrent_reconciles", description: "Workers there are.");
        depth = meter.CreateUpDownCounter<long>("workqueue_depth", description: "Keys that wait.");
        adds = meter.CreateCounter<long>("workqueue_adds_total", description: "Keys added.");
        retries = meter.CreateCounter<long>("workqueue_retries_total", description: "Keys added again after a failure.");
        queueTime = meter.CreateHistogram("workqueue_queue_duration_seconds", "s", "How long keys wait.", advice: buckets);
        workTime = meter.CreateHistogram("workqueue_work_duration_seconds", "s", "How long keys are worked on.", advice: buckets);
        panics = meter.CreateCounter<long>("controller_runtime_reconcile_panics_total", description: "Reconciles that ended by an exception that is no answer of the outside world: a bug.");
        timeouts = meter.CreateCounter<long>("controller_runtime_reconcile_timeouts_total", description: "Reconciles that were cancelled because they took too long.");
        slowPaths = meter.CreateCounter<long>("leader_election_slowpath_total", description: "Renewals of the lease that needed a read, because the write alone failed.");
        meter.CreateObservableGauge("workqueue_unfinished_work_seconds", () => Unfinished(static u => u.Sum), "s", "Seconds that the keys being worked on have taken so far, added up.");
        meter.CreateObservableGauge("workqueue_longest_running_processor_seconds", () => Unfinished(static u => u.Longest), "s", "Seconds that the key worked on longest has taken so far.");
        leading = meter.CreateUpDownCounter<long>("leader_election_master_status", description: "1 while this process leads.");
    }

    /// <summary>Results as controller-runtime calls them: success, requeue_after, requeue, error.</summary>
    public void Reconciled(string controller, string result, TimeSpan time)
    {
        reconciles.Add(1, new("controller", controller), new("result", result));
        reconcileTime.Record(time.TotalSeconds, new KeyValuePair<string, object?>("controller", controller));
        if (result == "error")
        {
            reconcileErrors.Add(1, new KeyValuePair<string, object?>("controller", controller));
        }
    }

    public void Panicked(string controller) => panics.Add(1, new KeyValuePair<string, object?>("controller", controller));

    public void TimedOut(string controller) => timeouts.Add(1, new KeyValuePair<string, object?>("controller", controller));

    public void TerminalError(string controller) => terminalErrors.Add(1, new KeyValuePair<string, object?>("controller", controller));

    public void WorkerBusy(string controller, int change) => activeWorkers.Add(change, new KeyValuePair<string, object?>("controller", controller));

    /// <summary>Series exist at zero before the first event, so that a rate over them has a beginning.</summary>
    public void ControllerStarted(string controller, int workers)
    {
        foreach (var result in (string[])["success", "requeue_after", "requeue", "error"])
        {
            reconciles.Add(0, new("controller", controller), new("result", result));
        }

        var tag = new KeyValuePair<string, object?>("controller", controller);
        reconcileErrors.Add(0, tag);
        terminalErrors.Add(0, tag);
        panics.Add(0, tag);
        timeouts.Add(0, tag);
        activeWorkers.Add(0, tag);
        maxWorkers.Add(workers, tag);
    }

    public void ControllerStopped(string controller, int workers) => maxWorkers.Add(-workers, new KeyValuePair<string, object?>("controller", controller));

    public void Leading(string lease, bool isLeader) => leading.Add(isLeader ? 1 : -1, new KeyValuePair<string, object?>("name", lease));

    public void LeaderElectionStarted(string lease)
    {
        leading.Add(0, new KeyValuePair<string, object?>("name", lease));
        slowPaths.Add(0, new KeyValuePair<string, object?>("name", lease));
    }

    public void LeaseRenewedSlowly(string lease) => slowPaths.Add(1, new KeyValuePair<string, object?>("name", lease));

    public void Dispose()
    {
        if (ownsMeter)
        {
            meter.Dispose();
        }
    }

    /// <param name="measure">Seconds that keys have been worked on: all together, and the one that takes longest.</param>
    internal void QueueCreated(string queue, Func<(double Sum, double Longest)> measure)
    {
        unfinished[queue] = measure;
        depth.Add(0, Queue(queue));
        adds.Add(0, Queue(queue));
        retries.Add(0, Queue(queue));
    }

    internal void QueueAdded(string queue) => adds.Add(1, Queue(queue));

    internal void QueueWaiting(string queue) => depth.Add(1, Queue(queue));

    internal void QueueRetried(string queue) => retries.Add(1, Queue(queue));

    internal void QueueGiven(string queue, TimeSpan waited)
    {
        depth.Add(-1, Queue(queue));
        queueTime.Record(waited.TotalSeconds, Queue(queue));
    }

    internal void QueueDone(string queue, TimeSpan worked) => workTime.Record(worked.TotalSeconds, Queue(queue));

    private IEnumerable<Measurement<double>> Unfinished(Func<(double Sum, double Longest), double> value) =>
        unfinished.Select(queue => new Measurement<double>(value(queue.Value()), Queue(queue.Key)));

    private static KeyValuePair<string, object?> Queue(string name) => new("name", name);
}
