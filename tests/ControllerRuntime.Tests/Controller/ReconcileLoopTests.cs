using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Controller;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.Controller;

public sealed class ReconcileLoopTests : IAsyncLifetime
{
    private static readonly NamespacedName Key = new("n", "a");

    private readonly FakeTimeProvider clock = new();
    private readonly ControllerMetrics metrics = new();
    private readonly ConcurrentDictionary<string, double> counted = new();
    private readonly MeterListener listener = new();
    private readonly WorkQueue queue;
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private int calls;

    public ReconcileLoopTests()
    {
        queue = new WorkQueue(
            "widget-" + Guid.NewGuid(), clock, new ItemExponentialFailureRateLimiter(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)), metrics);
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == ControllerMetrics.MeterName)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Count(instrument.Name, 1, tags));
        listener.Start();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(3));
        await running;
        listener.Dispose();
        metrics.Dispose();
        queue.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task Success_Always_ForgetsTheKey()
    {
        queue.AddRateLimited(Key);
        clock.Advance(TimeSpan.FromSeconds(1));
        Start(_ => ReconcileOutcome.Done);

        await CalledAsync(1, "success");

        queue.NumRequeues(Key).Should().Be(0);
        clock.PendingTimers.Should().Be(0);
    }

    [Fact]
    public async Task RequeueAfter_Delay_CallsAgainThen()
    {
        Start(call => call == 1 ? ReconcileOutcome.After(TimeSpan.FromSeconds(30)) : ReconcileOutcome.Done);
        queue.Add(Key);
        await CalledAsync(1, "requeue_after");

        clock.Advance(TimeSpan.FromSeconds(29));
        calls.Should().Be(1);
        clock.Advance(TimeSpan.FromSeconds(1));

        await CalledAsync(2, "success");
    }

    [Fact]
    public async Task Exception_Always_BacksOffAndTriesAgain()
    {
        Start(call => call < 3 ? throw new InvalidOperationException("no") : ReconcileOutcome.Done);
        queue.Add(Key);
        await CalledAsync(1, "error");
        queue.NumRequeues(Key).Should().Be(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await CalledAsync(2, "error", 2);
        clock.Advance(TimeSpan.FromSeconds(1));
        calls.Should().Be(2, "the second delay is longer");
        clock.Advance(TimeSpan.FromSeconds(1));

        await CalledAsync(3, "success");
    }

    [Fact]
    public async Task Failure_WithItsOwnTime_IsTriedThen()
    {
        Start(call => call == 1 ? ReconcileOutcome.Failed("no model", requeueAfter: TimeSpan.FromSeconds(7)) : ReconcileOutcome.Done);
        queue.Add(Key);
        await CalledAsync(1, "error");

        clock.Advance(TimeSpan.FromSeconds(7));

        await CalledAsync(2, "success");
    }

    [Fact]
    public async Task TerminalException_Thrown_IsNotTriedAgain()
    {
        Start(_ => throw new TerminalException("the spec is wrong"));
        queue.Add(Key);

        await CalledAsync(1, "error");

        clock.PendingTimers.Should().Be(0);
        counted["controller_runtime_terminal_reconcile_errors_total"].Should().Be(1);
    }

    [Fact]
    public async Task Conflict_Thrown_IsTriedAgainWithoutBeingAnError()
    {
        Start(call => call == 1
            ? throw new KubernetesException(HttpStatusCode.Conflict, new V1Status { Reason = "Conflict" }, "modified")
            : ReconcileOutcome.Done);
        queue.Add(Key);
        await CalledAsync(1, "requeue");
        clock.Advance(TimeSpan.FromSeconds(1));

        await CalledAsync(2, "success");
    }

    [Fact]
    public async Task Hanging_PastTheTimeout_IsCancelledAndFreesTheWorker()
    {
        Run(async (key, token) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }

            return ReconcileOutcome.Done;
        });
        queue.Add(Key);
        await Eventually.HoldsAsync(() => calls == 1, "it hangs");
        clock.Advance(TimeSpan.FromMinutes(2));

        await CalledAsync(1, "error");
        queue.Add(new NamespacedName("n", "b"));
        await Eventually.HoldsAsync(() => calls == 2, "the worker goes on");
    }

    [Fact]
    public async Task Cancelled_WhileReconciling_LetsItFinish()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Run(async (_, token) =>
        {
            Interlocked.Increment(ref calls);
            await goOn.Task.WaitAsync(token);
            return ReconcileOutcome.Done;
        });
        queue.Add(Key);
        await Eventually.HoldsAsync(() => calls == 1, "it works");

        await stop.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(1.9));
        running.IsCompleted.Should().BeFalse();
        goOn.SetResult();
        await running;

        queue.Count.Should().Be(0);
        counted["controller_runtime_reconcile_total/success"].Should().Be(1);
    }

    [Fact]
    public async Task Cancelled_WhileReconcilingPastTheGrace_KeepsTheKeyForTheNextTerm()
    {
        Run(async (_, token) =>
        {
            Interlocked.Increment(ref calls);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return ReconcileOutcome.Done;
        });
        queue.Add(Key);
        await Eventually.HoldsAsync(() => calls == 1, "it works");

        await stop.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(3));
        await running;

        queue.Count.Should().Be(1);
        queue.NumRequeues(Key).Should().Be(0);
    }

    [Fact]
    public async Task Workers_Several_WorkOnSeveralKeysAtOnce()
    {
        var together = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        Run(
            async (_, _) =>
            {
                if (Interlocked.Increment(ref calls) == 3)
                {
                    together.SetResult();
                }

                await goOn.Task;
                return ReconcileOutcome.Done;
            },
            workers: 3);
        for (var i = 0; i < 3; i++)
        {
            queue.Add(new NamespacedName("n", $"k{i}"));
        }

        await together.Task;

        counted["controller_runtime_active_workers"].Should().Be(3);
        counted["controller_runtime_max_concurrent_reconciles"].Should().Be(3);
        goOn.SetResult();
    }

    [Fact]
    public async Task Metrics_Queue_CountAddsDepthAndRetries()
    {
        queue.Add(Key);
        queue.Add(new NamespacedName("n", "b"));
        counted["workqueue_depth"].Should().Be(2);

        Start(call => call == 1 ? throw new InvalidOperationException("no") : ReconcileOutcome.Done);
        await Eventually.HoldsAsync(() => counted.GetValueOrDefault("workqueue_work_duration_seconds") == 2, "both are done");

        counted["workqueue_depth"].Should().Be(0);
        counted["workqueue_adds_total"].Should().Be(2);
        counted["workqueue_retries_total"].Should().Be(1);
        counted["workqueue_queue_duration_seconds"].Should().Be(2);
    }

    private void Start(Func<int, ReconcileOutcome> outcome) => Run((_, _) => Task.FromResult(outcome(Interlocked.Increment(ref calls))));

    private void Run(Func<NamespacedName, CancellationToken, Task<ReconcileOutcome>> reconcile, int workers = 1) =>
        running = new ReconcileLoop(queue, reconcile, new ControllerOptions { Workers = workers }, clock, NullLogger.Instance, metrics).RunAsync(stop.Token);

    private async Task CalledAsync(int times, string result, int results = 1)
    {
        await Eventually.HoldsAsync(() => calls == times && counted.GetValueOrDefault($"controller_runtime_reconcile_total/{result}") == results, $"call {times} is a {result}");
    }

    private void Count(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Other tests use the same meter at the same time.
        string? result = null;
        var ours = false;
        foreach (var (tag, content) in tags)
        {
            ours |= content is string text && text == queue.Name;
            result = tag == "result" ? content as string : result;
        }

        if (ours)
        {
            counted.AddOrUpdate(result is null ? name : $"{name}/{result}", value, (_, sum) => sum + value);
        }
    }
}
