using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// Work at intervals that only the leader does, from the time on at which its caches are full. A tick that fails is logged, and the next one comes all the
/// same; one that takes longer than <see cref="LongestTick"/> counts as stuck for the liveness probe.
/// </summary>
public abstract class LeaderTickService(InformerSet informers, Leadership leadership, Heartbeats heartbeats, TimeProvider timeProvider, ILogger logger) : BackgroundService
{
    /// <summary>In the answers of the liveness probe and in the log.</summary>
    protected abstract string Name { get; }

    protected abstract TimeSpan Interval { get; }

    /// <summary>The pause before it included.</summary>
    protected abstract TimeSpan LongestTick { get; }

    /// <summary>A term begins: what is remembered of an earlier one may be old.</summary>
    protected abstract void BeginTerm();

    protected abstract Task TickAsync(CancellationToken cancellationToken);

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
        BeginTerm();
        using var life = heartbeats.Begin(Name, LongestTick);
        using var timer = new PeriodicTimer(Interval, timeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            life.Beat();
            try
            {
                await TickAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // A bug in one tick must not end the ticking for good.
                LeaderElectionLog.TickFailed(logger, exception, Name);
            }
        }
    }
}
