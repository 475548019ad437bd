namespace Octavo.Cli.Demo;

/// <summary>A burst through the gateway that lasts until the operator has scaled out.</summary>
internal sealed class DemoLoad(DemoProcesses processes)
{
    private const int Concurrency = 64;
    private const int OutputTokens = 192;

    public async Task BurstAsync(DemoCluster cluster, Action<string> news, CancellationToken cancellationToken)
    {
        var load = processes.StartLoad(DemoCluster.ModelName, Concurrency, OutputTokens);
        try
        {
            await cluster.WaitScaledOutAsync(text => news($"{Concurrency} streams; {text}"), processes.ThrowIfAnyExited, cancellationToken);
        }
        finally
        {
            await processes.StopAsync(load);
        }
    }
}
