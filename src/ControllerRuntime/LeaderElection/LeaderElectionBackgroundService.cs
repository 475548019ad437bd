using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Metrics;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>Contends for the lease as long as the process lives; a term that was lost is followed by waiting for the next.</summary>
internal sealed class LeaderElectionBackgroundService(
    LeaderElector? elector, string lease, Leadership leadership, ControllerMetrics metrics, ILogger<LeaderElectionBackgroundService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.LeaderElectionStarted(lease);
        if (elector is null)
        {
            await LeadAsync(stoppingToken).ConfigureAwait(false);
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await elector.RunUntilLeadershipLostAsync(LeadAsync, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                LeaderElectionLog.WorkFailed(logger, exception);
            }
        }
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        metrics.Leading(lease, true);
        try
        {
            await leadership.LeadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            metrics.Leading(lease, false);
        }
    }
}
