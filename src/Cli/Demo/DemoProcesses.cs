using System.Globalization;
using Octavo.Cli.Verbs;
using Octavo.ServingContract;

namespace Octavo.Cli.Demo;

/// <summary>The programs of the demo: cluster, operator, gateway, and the load generator while it runs.</summary>
internal sealed class DemoProcesses(DemoOptions options, TimeProvider timeProvider) : IAsyncDisposable
{
    private readonly List<ChildProcess> children = [];
    private readonly HttpClient probe = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly int operatorPort = FreePort.Choose(options.OperatorPort);
    private readonly int gatewayPort = FreePort.Choose(options.GatewayPort);

    public string LogFolder { get; } = Path.Combine(options.StateFolder, "logs");

    public Uri GatewayAddress => Loopback(gatewayPort);

    public Uri OperatorAddress => Loopback(operatorPort);

    private string ClusterState => Path.Combine(options.StateFolder, "local");

    public async Task StartClusterAsync(Action<string> news, CancellationToken cancellationToken)
    {
        var port = FreePort.Choose(options.ApiServerPort);
        var image = $"octavo/serving-runtime={ExecutableLocator.Find("octavo-serve")},/models={Path.Combine(options.Root, "models")}";
        var cluster = Start("octavo-local", ["up", "--port", Text(port), "--kubeconfig", options.KubeConfig, "--state", ClusterState, "--image", image]);
        news($"API server on 127.0.0.1:{port}, log {cluster.LogFile}");
        await cluster.WaitForLineAsync("octavo-local ready", cancellationToken);
    }

    public async Task StartControlPlaneAsync(Action<string> news, CancellationToken cancellationToken)
    {
        var controller = Start("octavo-operator", ["--kubeconfig", options.KubeConfig, "--bind-address", $"127.0.0.1:{operatorPort}", "--autoscaling-interval", "2"]);
        var gateway = Start("octavo-gateway", ["--kubeconfig", options.KubeConfig, "--host", "127.0.0.1", "--port", Text(gatewayPort)]);
        await WaitForSuccessAsync(controller, new Uri(OperatorAddress, "readyz"), news, cancellationToken);
        await WaitForSuccessAsync(gateway, new Uri(GatewayAddress, "readyz"), news, cancellationToken);
    }

    /// <summary>Puts load on the gateway; the caller disposes the process when it has seen enough.</summary>
    public ChildProcess StartLoad(string model, int concurrency, int outputTokens) => Start(
        "octavo-bench",
        ["serve", "--base-url", GatewayAddress.ToString().TrimEnd('/'), "--endpoint", ServingPaths.ChatCompletions, "--model", model, "--max-concurrency", Text(concurrency),
            "--num-prompts", "100000", "--random-input-len", "64", "--random-output-len", Text(outputTokens), "--duration", "120"]);

    /// <summary>Returns only by cancellation, or throws when one of the programs ends.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), timeProvider, cancellationToken);
            children.ForEach(child => child.ThrowIfExited());
        }
    }

    public void ThrowIfAnyExited() => children.ForEach(child => child.ThrowIfExited());

    /// <summary>The last lines of every program, for a failed step.</summary>
    public IEnumerable<string> Tails() => children.Select(child =>
        $"--- {child.Name} ({child.LogFile}) ---{Environment.NewLine}{string.Join(Environment.NewLine, child.Tail.Split(Environment.NewLine).TakeLast(12))}");

    /// <summary>Programs of this run that live although all were stopped: those started here and those that the node started for pods.</summary>
    public IReadOnlyList<string> LeftBehind()
    {
        if (!Directory.Exists("/proc"))
        {
            return [];
        }

        // A pod's process has the state folder of this run, or the runtime's path and this run's models, on its command line.
        string[] marks = [ClusterState, options.KubeConfig, Path.Combine(options.Root, "models")];
        var left = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId))
        {
            try
            {
                var commandLine = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ').Trim();
                if (commandLine.Contains("octavo-", StringComparison.Ordinal) && marks.Any(mark => commandLine.Contains(mark, StringComparison.Ordinal)))
                {
                    left.Add($"{Path.GetFileName(folder)} {commandLine}");
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // The process ended while it was looked at, or belongs to another user: neither is ours to report.
            }
        }

        return left;
    }

    public async ValueTask DisposeAsync()
    {
        // Gateway and operator first, so that neither reacts to the cluster going away.
        foreach (var child in Enumerable.Reverse(children))
        {
            await child.StopAsync(TimeSpan.FromSeconds(45));
            await child.DisposeAsync();
        }

        probe.Dispose();
    }

    private static Uri Loopback(int port) => new($"http://127.0.0.1:{port}/");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private ChildProcess Start(string name, IReadOnlyList<string> arguments)
    {
        var child = ChildProcess.Start(name, ExecutableLocator.Find(name), arguments, LogFolder, timeProvider);
        children.Add(child);
        return child;
    }

    /// <summary>Stops one program before the others.</summary>
    public async Task StopAsync(ChildProcess child)
    {
        await child.StopAsync(TimeSpan.FromSeconds(10));
        children.Remove(child);
        await child.DisposeAsync();
    }

    private async Task WaitForSuccessAsync(ChildProcess child, Uri address, Action<string> news, CancellationToken cancellationToken)
    {
        news($"waiting for {address}");
        while (true)
        {
            child.ThrowIfExited();
            try
            {
                using var response = await probe.GetAsync(address, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception notYet) when (notYet is HttpRequestException || (notYet is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not listening yet: the loop ends by success, by the program's end or by the step's time limit.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), timeProvider, cancellationToken);
        }
    }
}
