using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Logs;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>
/// Keeps one container as its restart policy says: image, configuration, run, restart with back-off. A run itself is a <see cref="ContainerRun"/>.
/// </summary>
internal sealed class ContainerRunner(NodeServices node, PodState state, V1Container container, PodFolders folders, string restartPolicy)
{
    private readonly CrashLoopBackOff restarts = new(node.Timings.CrashLoopInitial, node.Timings.CrashLoopMax);
    private readonly CrashLoopBackOff pulls = new(node.Timings.CrashLoopInitial, node.Timings.CrashLoopMax);
    private ContainerLog? log;
    private ContainerLog? previousLog;

    public string Name => container.Name;

    public ContainerLog? Log(bool previous) => previous ? previousLog : log;

    /// <summary>
    /// Ends when the container needs no restart, or after <paramref name="stop"/> once the process is gone; <paramref name="kill"/> ends the grace of that.
    /// </summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken kill)
    {
        try
        {
            while (true)
            {
                var end = await RunOnceAsync(stop, kill).ConfigureAwait(false);
                if (stop.IsCancellationRequested || !NeedsRestart(end))
                {
                    return;
                }

                await WaitBeforeRestartAsync(end, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while it waited: what remains is the end of its last run.
        }
        finally
        {
            state.ChangeContainer(Name, c => c.State.Terminated is not null ? c : c with { State = new V1ContainerState { Terminated = c.LastState?.Terminated ?? NeverRan() } });
        }
    }

    private static V1ContainerStateTerminated NeverRan() =>
        new() { ExitCode = 137, Reason = "ContainerStatusUnknown", Message = "The container could not be located when the pod was terminated" };

    private bool NeedsRestart(V1ContainerStateTerminated end) => restartPolicy switch
    {
        "Always" => true,
        "OnFailure" => end.ExitCode != 0,
        _ => false,
    };

    private async Task<V1ContainerStateTerminated> RunOnceAsync(CancellationToken stop, CancellationToken kill)
    {
        var image = await FindImageAsync(stop).ConfigureAwait(false);
        var before = state.Container(Name);
        var attempt = before.State.Terminated is null && before.LastState?.Terminated is null ? before.RestartCount : before.RestartCount + 1;
        var prepared = await PrepareAsync(image, attempt, stop).ConfigureAwait(false);
        previousLog = log ?? previousLog;
        log = prepared.Log;
        V1ContainerStateTerminated end;
        try
        {
            end = await new ContainerRun(node, state, container, prepared).RunAsync(stop, kill).ConfigureAwait(false);
        }
        catch (ContainerConfigException exception)
        {
            var now = node.Time.GetUtcNow();
            end = new V1ContainerStateTerminated { ExitCode = 128, Reason = exception.Reason, Message = exception.Message, StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = now };
            await node.Events.WarningAsync(state.Pod, "Failed", $"Error: {exception.Message}", stop).ConfigureAwait(false);
            state.ChangeContainer(Name, c => c with { RestartCount = attempt, LastState = c.State.Terminated is null ? c.LastState : c.State });
        }
        finally
        {
            prepared.Log.Complete();
        }

        state.ChangeContainer(Name, c => c with { State = new V1ContainerState { Terminated = end }, Started = false, PassesReadiness = false });
        return end;
    }

    private async Task<ImageMapping> FindImageAsync(CancellationToken stop)
    {
        var image = container.Image ?? "";
        while (true)
        {
            if (node.Images.Find(image) is { } mapping)
            {
                await node.Events.NormalAsync(state.Pod, "Pulled", $"Container image \"{image}\" already present on machine", stop).ConfigureAwait(false);
                return mapping;
            }

            var why = node.Images.WhyMissing(image);
            var failedAt = node.Time.GetUtcNow();
            SetWaiting(container.ImagePullPolicy == "Never" ? "ErrImageNeverPull" : "ErrImagePull", why);
            await node.Events.WarningAsync(state.Pod, "Failed", $"Failed to pull image \"{image}\": {why}", stop).ConfigureAwait(false);
            pulls.RecordRestart(failedAt, failedAt);
            SetWaiting("ImagePullBackOff", $"Back-off pulling image \"{image}\": {why}");
            await node.Events.NormalAsync(state.Pod, "BackOff", $"Back-off pulling image \"{image}\"", stop).ConfigureAwait(false);
            await Task.Delay(pulls.Current, node.Time, stop).ConfigureAwait(false);
        }
    }

    private async Task<PreparedContainer> PrepareAsync(ImageMapping image, int attempt, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await PreparedContainer.CreateAsync(node, state, container, image, folders, attempt, stop).ConfigureAwait(false);
            }
            catch (ContainerConfigException exception)
            {
                SetWaiting(exception.Reason, exception.Message);
                await node.Events.WarningAsync(state.Pod, "Failed", $"Error: {exception.Message}", stop).ConfigureAwait(false);
                await Task.Delay(node.Timings.Retry, node.Time, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task WaitBeforeRestartAsync(V1ContainerStateTerminated end, CancellationToken stop)
    {
        var finishedAt = end.FinishedAt ?? node.Time.GetUtcNow();
        var delay = finishedAt + restarts.DelayAfter(finishedAt) - node.Time.GetUtcNow();
        if (delay > TimeSpan.Zero)
        {
            state.ChangeContainer(Name, c => c with
            {
                State = ContainerSnapshot.WaitingState("CrashLoopBackOff", $"back-off {Duration(restarts.Current)} restarting failed container={Name} pod={state.FullName}"),
                LastState = new V1ContainerState { Terminated = end },
            });
            await node.Events.WarningAsync(state.Pod, "BackOff", $"Back-off restarting failed container {Name} in pod {state.FullName}", stop).ConfigureAwait(false);
            await Task.Delay(delay, node.Time, stop).ConfigureAwait(false);
        }

        restarts.RecordRestart(finishedAt, node.Time.GetUtcNow());
    }

    /// <summary>As Go prints it: 10s, 1m20s, 5m0s.</summary>
    internal static string Duration(TimeSpan time) =>
        time.TotalMinutes < 1 ? FormattableString.Invariant($"{time.TotalSeconds:0.###}s") : FormattableString.Invariant($"{(int)time.TotalMinutes}m{time.Seconds}s");

    private void SetWaiting(string reason, string message) => state.ChangeContainer(Name, c => c with
    {
        State = ContainerSnapshot.WaitingState(reason, message),
        LastState = c.State.Terminated is null ? c.LastState : c.State,
    });
}
