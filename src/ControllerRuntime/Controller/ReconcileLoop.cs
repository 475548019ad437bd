using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient;

namespace Octavo.ControllerRuntime.Controller;

/// <summary>Workers that take keys from a queue and do with each what its reconcile came to.</summary>
public sealed class ReconcileLoop(
    WorkQueue queue,
    Func<NamespacedName, CancellationToken, Task<ReconcileOutcome>> reconcile,
    ControllerOptions options,
    TimeProvider timeProvider,
    ILogger logger,
    ControllerMetrics? metrics = null,
    Heartbeats? heartbeats = null)
{
    /// <summary>How long after its deadline and its grace a reconcile that does not end counts as stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private long serial;

    /// <summary>Until cancelled or the queue is shut down. A reconcile under way then may end within the grace; else it is cancelled and its key is kept.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        metrics?.ControllerStarted(queue.Name, options.Workers);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, options.Workers).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None))).ConfigureAwait(false);
        }
        finally
        {
            metrics?.ControllerStopped(queue.Name, options.Workers);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested && await queue.GetAsync(cancellationToken).ConfigureAwait(false) is { } key)
            {
                await ProcessAsync(key, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task ProcessAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref serial);
        using var scope = ControllerLog.Scope(logger, queue.Name, key, id);
        using var life = heartbeats?.Begin($"reconcile of {queue.Name} {key}", options.ReconcileTimeout + options.StopGrace + Patience);
        var started = timeProvider.GetTimestamp();
        metrics?.WorkerBusy(queue.Name, 1);
        var result = "success";
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            result = Settle(key, await ReconcileAsync(key, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Not its fault: whoever leads next, perhaps we, takes it up again.
            queue.Add(key);
            result = "requeue";
        }
        catch (NotLeadingException exception)
        {
            // The end of the term is on its way here; if it is not, the next try tells.
            queue.AddRateLimited(key);
            ControllerLog.NotLeading(logger, queue.Name, key, exception.Message);
            result = "requeue";
        }
        catch (TerminalException exception)
        {
            queue.Forget(key);
            metrics?.TerminalError(queue.Name);
            ControllerLog.Terminal(logger, exception, queue.Name, key, exception.Message);
            result = "error";
        }
        catch (KubernetesException exception) when (exception.IsConflict)
        {
            // We acted on a state that is no longer; the new one is on its way.
            queue.AddRateLimited(key);
            ControllerLog.Conflict(logger, queue.Name, key, exception.Message);
            result = "requeue";
        }
        catch (Exception exception)
        {
            queue.AddRateLimited(key);
            ControllerLog.Failed(logger, exception, queue.Name, key, exception.Message);
            result = "error";
            if (exception is not (KubernetesException or HttpRequestException or IOException or TimeoutException or OperationCanceledException))
            {
                metrics?.Panicked(queue.Name);
            }
        }
        finally
        {
            queue.Done(key);
            metrics?.WorkerBusy(queue.Name, -1);
            metrics?.Reconciled(queue.Name, result, timeProvider.GetElapsedTime(started));
        }
    }

    private async Task<ReconcileOutcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        // One object that hangs must not take a worker with it for ever.
        using var deadline = new CancellationTokenSource(options.ReconcileTimeout, timeProvider);
        await using var stopping = cancellationToken.Register(() => deadline.CancelAfter(options.StopGrace)).ConfigureAwait(false);
        try
        {
            return await reconcile(key, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            metrics?.TimedOut(queue.Name);
            return ReconcileOutcome.Failed($"not done within {options.ReconcileTimeout}", exception);
        }
    }

    private string Settle(NamespacedName key, ReconcileOutcome outcome)
    {
        if (outcome.ErrorMessage is { } message)
        {
            ControllerLog.Failed(logger, outcome.Error, queue.Name, key, message);
            if (outcome.RequeueAfter is { } pause)
            {
                queue.AddAfter(key, pause);
            }
            else
            {
                queue.AddRateLimited(key);
            }

            return "error";
        }

        queue.Forget(key);
        if (outcome.RequeueAfter is { } delay)
        {
            queue.AddAfter(key, delay);
            return "requeue_after";
        }

        return "success";
    }
}
