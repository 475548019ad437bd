using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Controller;

/// <summary>Runs a controller: only while this process leads, and only after every cache is full, for a half-full cache looks like deleted objects.</summary>
internal sealed class ControllerBackgroundService<TEntity>(
    WorkQueue queue,
    EntityReconciler<TEntity> reconciler,
    InformerSet informers,
    Leadership leadership,
    ControllerOptions options,
    TimeProvider timeProvider,
    ControllerMetrics metrics,
    Heartbeats heartbeats,
    ILogger<ControllerBackgroundService<TEntity>> logger) : BackgroundService
    where TEntity : class, IKubernetesObject
{
    private readonly ReconcileLoop loop = new(queue, reconciler.ReconcileAsync, options, timeProvider, logger, metrics, heartbeats);

    public override void Dispose()
    {
        queue.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await leadership.RunWhileLeadingAsync(LeadAsync, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        await informers.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
        ControllerLog.Started(logger, queue.Name, options.Workers);
        await loop.RunAsync(cancellationToken).ConfigureAwait(false);
        ControllerLog.Stopped(logger, queue.Name);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
