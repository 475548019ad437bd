using System.ComponentModel;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Probes;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>One run of a container: process, hooks and probes, from start to exit code.</summary>
internal sealed class ContainerRun(NodeServices node, PodState state, V1Container container, PreparedContainer prepared)
{
    /// <summary>Between SIGTERM and SIGKILL even when the preStop hook used up the grace period, as the kubelet grants it.</summary>
    private const int MinimumGraceSeconds = 2;

    private readonly TaskCompletionSource<string> unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Throws <see cref="ContainerConfigException"/> where the process cannot be started at all.</summary>
    public async Task<V1ContainerStateTerminated> RunAsync(CancellationToken stop, CancellationToken kill)
    {
        var specification = prepared.Specification ?? throw prepared.StartError!;
        stop.ThrowIfCancellationRequested();
        using var process = await StartAsync(specification).ConfigureAwait(false);
        node.Ledger.Add(process.Id);
        var startedAt = node.Time.GetUtcNow();
        var target = new ProbeTarget(container, prepared.PodIP, specification, prepared.Paths);
        MarkRunning(process.Id, startedAt);
        await node.Events.NormalAsync(state.Pod, "Created", $"Created container: {container.Name}", CancellationToken.None).ConfigureAwait(false);
        await node.Events.NormalAsync(state.Pod, "Started", $"Started container {container.Name}", CancellationToken.None).ConfigureAwait(false);

        using var probesEnd = new CancellationTokenSource();
        var probes = RunProbesAsync(target, stop, probesEnd.Token);
        var exitCode = await WaitAsync(process, target, stop, kill).ConfigureAwait(false);
        await probesEnd.CancelAsync().ConfigureAwait(false);
        await probes.ConfigureAwait(false);
        node.Ledger.Remove(process.Id);
        return new V1ContainerStateTerminated
        {
            ExitCode = exitCode,
            Reason = exitCode == 0 ? "Completed" : "Error",
            Message = TerminationMessage.Read(prepared.TerminationFile, container.TerminationMessagePolicy, exitCode, prepared.Log),
            StartedAt = startedAt,
            FinishedAt = node.Time.GetUtcNow(),
            ContainerID = ContainerId(process.Id),
        };
    }

    private static string ContainerId(int processId) => $"process://{processId}";

    private async Task<ContainerProcess> StartAsync(ProcessSpecification specification)
    {
        try
        {
            return await ContainerProcess.StartAsync(node.Starter, specification, prepared.Log, node.Time).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or IOException)
        {
            throw new ContainerConfigException("StartError", $"failed to start container process on the host: {exception.Message}");
        }
    }

    private void MarkRunning(int processId, DateTimeOffset startedAt) => state.ChangeContainer(container.Name, c => c with
    {
        LastState = c.State.Terminated is null ? c.LastState : c.State,
        State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = startedAt } },
        RestartCount = prepared.Attempt,
        Started = container.StartupProbe is null,
        PassesReadiness = container.ReadinessProbe is null,
        ContainerId = ContainerId(processId),
    });

    private async Task<int> WaitAsync(ContainerProcess process, ProbeTarget target, CancellationToken stop, CancellationToken kill)
    {
        if (container.Lifecycle?.PostStart is { } postStart && !process.Exited.IsCompleted)
        {
            var result = await node.Probes.RunAsync(postStart, target, node.Timings.Second, 30 * node.Timings.Second, kill).ConfigureAwait(false);
            if (!result.Success)
            {
                await node.Events.WarningAsync(state.Pod, "FailedPostStartHook", $"PostStartHook failed: {result.Output}", CancellationToken.None).ConfigureAwait(false);
                process.Kill();
            }
        }

        var stopping = Task.Delay(Timeout.InfiniteTimeSpan, node.Time, stop);
        var first = await Task.WhenAny(process.Exited, unhealthy.Task, stopping).ConfigureAwait(false);
        if (first == process.Exited)
        {
            return await process.Exited.ConfigureAwait(false);
        }

        if (first == unhealthy.Task)
        {
            var probe = await unhealthy.Task.ConfigureAwait(false);
            await node.Events.NormalAsync(state.Pod, "Killing", $"Container {container.Name} failed {probe} probe, will be restarted", CancellationToken.None).ConfigureAwait(false);
            using var grace = new CancellationTokenSource(GraceAfter(probe), node.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(kill, grace.Token);
            return await TerminateAsync(process, target, linked.Token).ConfigureAwait(false);
        }

        await node.Events.NormalAsync(state.Pod, "Killing", $"Stopping container {container.Name}", CancellationToken.None).ConfigureAwait(false);
        return await TerminateAsync(process, target, kill).ConfigureAwait(false);
    }

    private TimeSpan GraceAfter(string probe) =>
        ((probe == "startup" ? container.StartupProbe : container.LivenessProbe)?.TerminationGracePeriodSeconds
            ?? state.Pod.Spec?.TerminationGracePeriodSeconds ?? 30) * node.Timings.Second;

    private async Task<int> TerminateAsync(ContainerProcess process, ProbeTarget target, CancellationToken kill)
    {
        if (container.Lifecycle?.PreStop is { } preStop && !process.Exited.IsCompleted)
        {
            try
            {
                var result = await node.Probes.RunAsync(preStop, target, node.Timings.Second, TimeSpan.FromHours(1), kill).ConfigureAwait(false);
                if (!result.Success)
                {
                    await node.Events.WarningAsync(state.Pod, "FailedPreStopHook", $"PreStopHook failed: {result.Output}", CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (kill.IsCancellationRequested)
            {
                // The hook used up the grace period; the process still gets its signal.
                process.Terminate();
                await Task.WhenAny(process.Exited, Task.Delay(MinimumGraceSeconds * node.Timings.Second, node.Time, CancellationToken.None)).ConfigureAwait(false);
            }
        }

        process.Terminate();
        await Task.WhenAny(process.Exited, Task.Delay(Timeout.InfiniteTimeSpan, node.Time, kill)).ConfigureAwait(false);
        process.Kill();
        return await process.Exited.ConfigureAwait(false);
    }

    /// <summary>Startup first; then readiness until the process ends and liveness until it is being stopped.</summary>
    private async Task RunProbesAsync(ProbeTarget target, CancellationToken stop, CancellationToken end)
    {
        try
        {
            using var stopOrEnd = CancellationTokenSource.CreateLinkedTokenSource(stop, end);
            if (container.StartupProbe is { } startup)
            {
                var passed = false;
                await Loop("Startup", startup, false, target).RunAsync(
                    passing =>
                    {
                        passed = passing;
                        return false;
                    },
                    output => UnhealthyAsync("Startup", output),
                    stopOrEnd.Token).ConfigureAwait(false);
                if (!passed)
                {
                    unhealthy.TrySetResult("startup");
                    return;
                }

                state.ChangeContainer(container.Name, c => c with { Started = true });
            }

            var loops = new List<Task>();
            if (container.ReadinessProbe is { } readiness)
            {
                loops.Add(IgnoreEnd(Loop("Readiness", readiness, false, target).RunAsync(
                    passing =>
                    {
                        if (state.Container(container.Name).PassesReadiness != passing)
                        {
                            state.ChangeContainer(container.Name, c => c with { PassesReadiness = passing });
                        }

                        return true;
                    },
                    output => UnhealthyAsync("Readiness", output),
                    end)));
            }

            if (container.LivenessProbe is { } liveness)
            {
                loops.Add(IgnoreEnd(Loop("Liveness", liveness, true, target).RunAsync(
                    passing => passing || !unhealthy.TrySetResult("liveness"),
                    output => UnhealthyAsync("Liveness", output),
                    stopOrEnd.Token)));
            }

            await Task.WhenAll(loops).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static async Task IgnoreEnd(Task loop)
    {
        try
        {
            await loop.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private ProbeLoop Loop(string name, V1Probe probe, bool initial, ProbeTarget target) =>
        new(name, probe, initial, node.Probes, target, node.Timings.Second, node.Time);

    private Task UnhealthyAsync(string probe, string output) =>
        node.Events.WarningAsync(state.Pod, "Unhealthy", $"{probe} probe failed: {output}", CancellationToken.None);
}
