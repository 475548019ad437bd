using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.LeaderElection;

namespace Octavo.Operator.Storage;

/// <summary>The clock of <see cref="FetchWatch"/>: ticks while this process leads and its caches are full.</summary>
internal sealed partial class FetchWatchBackgroundService(
    FetchWatch watch,
    FetchStates states,
    InformerSet informers,
    Leadership leadership,
    TimeProvider timeProvider,
    ILogger<FetchWatchBackgroundService> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

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
        states.Keep(new HashSet<ControllerRuntime.NamespacedName>());
        using var timer = new PeriodicTimer(Interval, timeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await watch.TickAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // A bug in one look must not end the looking for good.
                LogTickFailed(logger, e);
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "The look at running fetches failed; their progress in status stays as it is")]
    private static partial void LogTickFailed(ILogger logger, Exception exception);
}
