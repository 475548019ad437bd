using Octavo.KubernetesClient;

namespace Octavo.Cli.Demo;

/// <summary>
/// The demo: the same steps on a terminal and with --once, in the order of <see cref="RunStepsAsync"/>. Each step checks what it did;
/// whatever happens, everything that was started is stopped in reverse order.
/// </summary>
internal sealed class DemoRunner(DemoOptions options, DemoConsole console, TimeProvider timeProvider)
{
    private readonly DemoProcesses processes = new(options, timeProvider);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var begin = timeProvider.GetTimestamp();
        var exitCode = ExitCode.Success;
        FileStream held;
        try
        {
            held = DemoLock.Take(options.StateFolder);
        }
        catch (DemoException taken)
        {
            console.Failed("start", taken.Message);
            return ExitCode.Failure;
        }

        await using var lockFile = held;
        try
        {
            await RunStepsAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            exitCode = options.Once ? ExitCode.Interrupted : ExitCode.Success;
        }
        catch (DemoException)
        {
            // The step has printed its name and reason.
            exitCode = ExitCode.Failure;
        }

        console.Line();
        exitCode = Math.Max(exitCode, await StopAsync());
        console.Line(exitCode == ExitCode.Success ? $"demo: all steps passed in {timeProvider.GetElapsedTime(begin).TotalSeconds:0} s" : $"demo: exit code {exitCode}; logs in {processes.LogFolder}");
        return exitCode;
    }

    private async Task RunStepsAsync(CancellationToken cancellationToken)
    {
        console.Heading("Octavo demo: InferenceService to answers, on this machine alone");
        await StepAsync("start the embedded cluster", processes.StartClusterAsync, cancellationToken);

        using var client = new HttpKubernetesClient(KubernetesClientConfiguration.FromKubeConfigFile(options.KubeConfig), timeProvider);
        var cluster = new DemoCluster(client, timeProvider);
        await StepAsync("apply config/crds", (_, ct) => cluster.ApplyFolderAsync(Path.Combine(options.Root, "config", "crds"), ct), cancellationToken);
        await StepAsync("apply config/samples/tiny.yaml", (_, ct) => cluster.ApplyFileAsync(Path.Combine(options.Root, "config", "samples", "tiny.yaml"), ct), cancellationToken);
        await StepAsync("start operator and gateway", processes.StartControlPlaneAsync, cancellationToken);
        await StepAsync("wait for condition Ready", cluster.WaitReadyAsync, cancellationToken);

        var chat = new DemoChat(processes.GatewayAddress);
        await StepAsync("list models at the gateway", (news, ct) => chat.WaitForModelAsync(DemoCluster.ModelName, news, timeProvider, ct), cancellationToken);
        await AskAsync(chat, "What is the capital of France?", "Paris", cancellationToken);

        var load = new DemoLoad(processes);
        await StepAsync("burst of load: scale 1 -> 3", (news, ct) => load.BurstAsync(cluster, news, ct), cancellationToken);
        await StepAsync("load ends: back to 1", cluster.WaitScaledInAsync, cancellationToken);
        foreach (var line in await cluster.ExplainScalingAsync(cancellationToken))
        {
            console.Line("    " + line);
        }

        PrintNextCommands();
        if (!options.Once)
        {
            console.Line("Press Ctrl-C to stop everything.");
            await processes.WatchAsync(cancellationToken);
        }
    }

    private async Task AskAsync(DemoChat chat, string question, string expected, CancellationToken cancellationToken)
    {
        console.Line();
        console.Line($"  you:    {question}");
        console.Write("  octavo: ");
        await StepAsync(null, async (_, ct) =>
        {
            var answer = await chat.AskAsync(DemoCluster.ModelName, question, console.Write, ct);
            console.Line();
            if (!answer.Contains(expected, StringComparison.Ordinal))
            {
                throw new DemoException($"the answer to \"{question}\" lacks \"{expected}\": {answer}");
            }
        }, cancellationToken);
        console.Line();
    }

    /// <summary>One step under its time limit; a title of null prints nothing when it succeeds.</summary>
    private async Task StepAsync(string? title, Func<Action<string>, CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        var begin = timeProvider.GetTimestamp();
        using var timeout = new CancellationTokenSource(options.StepTimeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var latest = "";
        try
        {
            if (title is null)
            {
                await run(_ => { }, linked.Token);
                return;
            }

            await console.StepAsync(title, show => run(text => show(latest = text), linked.Token));
            console.Done(title, timeProvider.GetElapsedTime(begin));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(title, $"not done within {options.StepTimeout.TotalSeconds:0} s; last seen: {latest}");
        }
        catch (Exception failure) when (failure is DemoException or KubernetesException or HttpRequestException or IOException)
        {
            Fail(title, failure.Message);
        }
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private void Fail(string? title, string why)
    {
        console.Failed(title ?? "chat", why);
        foreach (var tail in processes.Tails())
        {
            console.Line(tail);
        }

        throw new DemoException(why);
    }

    private async Task<int> StopAsync()
    {
        var begin = timeProvider.GetTimestamp();
        await processes.DisposeAsync();
        var left = processes.LeftBehind();
        if (left.Count > 0)
        {
            console.Failed("stop everything", $"still running: {string.Join(", ", left)}");
            return ExitCode.Failure;
        }

        console.Done("stop everything, no process left", timeProvider.GetElapsedTime(begin));
        return ExitCode.Success;
    }

    private void PrintNextCommands()
    {
        var kubeconfig = Path.GetRelativePath(Environment.CurrentDirectory, options.KubeConfig);
        console.Line();
        console.Heading("Try next:");
        console.Line($$"""  curl -sN {{processes.GatewayAddress}}v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"{{DemoCluster.ModelName}}","messages":[{"role":"user","content":"What is a pod?"}],"stream":true}'""");
        console.Line($"  kubectl --kubeconfig {kubeconfig} get inferenceservices,deployments,pods,events");
        console.Line($"  curl -s {processes.OperatorAddress}metrics   # the operator; the gateway: {processes.GatewayAddress}metrics");
        console.Line();
    }
}
