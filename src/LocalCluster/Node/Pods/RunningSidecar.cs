namespace Octavo.LocalCluster.Node.Pods;

/// <summary>An init container that runs beside the containers, until it is told to stop.</summary>
internal sealed class RunningSidecar
{
    private readonly CancellationTokenSource stop;
    private readonly Task running;

    /// <param name="runner">Of a container that is always started again.</param>
    /// <param name="kill">Ends the pod's grace.</param>
    public RunningSidecar(ContainerRunner runner, CancellationToken kill)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(kill);
        running = runner.RunAsync(stop.Token, kill);
    }

    /// <summary>Ends when its process has.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        stop.Dispose();
    }
}
