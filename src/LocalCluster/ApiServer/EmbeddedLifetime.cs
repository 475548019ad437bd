namespace Octavo.LocalCluster.ApiServer;

/// <summary>Signals belong to the process that embeds the server, so this server listens to none.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
