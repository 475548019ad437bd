using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.Operator.Configuration;

namespace Octavo.Operator.Autoscaling;

/// <summary>The autoscaler's clock: ticks while this process leads and its caches are full.</summary>
internal sealed partial class AutoscalerBackgroundService(
    Autoscaler autoscaler,
    AutoscalerStates states,
    InformerSet informers,
    Leadership leadership,
    Heartbeats heartbeats,
    OperatorOptions options,
    TimeProvider timeProvider,
    ILogger<AutoscalerBackgroundService> logger) : BackgroundService
{
    /// <summary>Every replica of a big cluster asked in vain, each to the end of its deadline, and the pause before.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromMinutes(15);

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
        states.Clear();
        using var life = heartbeats.Begin("autoscaler", LongestLook);
        using var timer = new PeriodicTimer(options.AutoscalingInterval, timeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            life.Beat();
            try
            {
                await autoscaler.TickAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // A bug in one tick must not end autoscaling for good; numbers are held meanwhile.
                LogTickFailed(logger, e);
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "The autoscaler's look failed; all numbers are held")]
    private static partial void LogTickFailed(ILogger logger, Exception exception);
}
