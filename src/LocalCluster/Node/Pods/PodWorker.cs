using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Devices;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Logs;
using Octavo.LocalCluster.Node.Volumes;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>One pod on this node, from its binding until its object is gone: volumes, init containers, containers, status, termination.</summary>
internal sealed partial class PodWorker : IDisposable
{
    private readonly NodeServices node;
    private readonly ILogger logger;
    private readonly PodState state;
    private readonly PodStatusWriter status;
    private readonly List<ContainerRunner> runners = [];
    private readonly Lock gate = new();

    /// <summary>Begin to end the pod; <see cref="kill"/> ends its grace, <see cref="gone"/> means that its object needs no more reports.</summary>
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource kill = new();
    private readonly CancellationTokenSource gone = new();
    private readonly ITimer killTimer;
    private readonly ITimer deadlineTimer;
    private DateTimeOffset? killAt;
    private bool leaveObject;

    public PodWorker(V1Pod pod, NodeServices node)
    {
        this.node = node;
        logger = node.Logger;
        Uid = pod.Metadata.Uid!;
        state = new PodState(pod, InitialSnapshot(pod, node));
        status = new PodStatusWriter(node, state);
        killTimer = node.Time.CreateTimer(_ => kill.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        deadlineTimer = node.Time.CreateTimer(_ => ExceedDeadline(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Completion = RunAsync();
    }

    public string Uid { get; }

    public V1Pod Pod => state.Pod;

    /// <summary>Ends when no process, address or folder of the pod is left.</summary>
    public Task Completion { get; }

    /// <summary>A newer state of the object: a deletion starts the termination, a shorter grace shortens it.</summary>
    public void Update(V1Pod pod)
    {
        state.SetPod(pod);
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            BeginStop((pod.Metadata.DeletionGracePeriodSeconds ?? pod.Spec?.TerminationGracePeriodSeconds ?? 30) * node.Timings.Second);
        }
    }

    /// <summary>The object is gone (a forced deletion): nothing is graceful any more.</summary>
    public void ObjectGone()
    {
        gone.Cancel();
        BeginStop(TimeSpan.Zero);
    }

    /// <summary>The node stops: the processes end, the object stays.</summary>
    public void Abandon(TimeSpan grace)
    {
        leaveObject = true;
        gone.Cancel();
        BeginStop(grace);
    }

    public (ContainerLog? Log, string? Reason) FindLog(string container, bool previous)
    {
        lock (gate)
        {
            var runner = runners.FirstOrDefault(r => r.Name == container);
            var log = runner?.Log(previous);
            return log is not null ? (log, null)
                : previous ? (null, $"previous terminated container \"{container}\" in pod \"{Pod.Metadata.Name}\" not found")
                : (null, $"container \"{container}\" in pod \"{Pod.Metadata.Name}\" is waiting to start: {WaitingReason(container)}");
        }
    }

    public void Dispose()
    {
        killTimer.Dispose();
        deadlineTimer.Dispose();
        stop.Dispose();
        kill.Dispose();
        gone.Dispose();
    }

    private static PodSnapshot InitialSnapshot(V1Pod pod, NodeServices node)
    {
        var hasInit = pod.Spec?.InitContainers is { Count: > 0 };
        return new PodSnapshot
        {
            HostIP = node.HostIP,
            StartTime = pod.Status?.StartTime ?? node.Time.GetUtcNow(),
            InitContainers = [.. (pod.Spec?.InitContainers ?? []).Select(c => Initial(c, pod.Status?.InitContainerStatuses, isInit: true))],
            Containers = [.. (pod.Spec?.Containers ?? []).Select(c => Initial(c, pod.Status?.ContainerStatuses, isInit: false))],
        };

        ContainerSnapshot Initial(V1Container container, IReadOnlyList<V1ContainerStatus>? statuses, bool isInit)
        {
            // An earlier run of this node may have run the container: its count goes on, and what ran then has ended with that node.
            var before = statuses?.FirstOrDefault(s => s.Name == container.Name);
            var ended = before?.State?.Running is { } running
                ? new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 137, Reason = "ContainerStatusUnknown", Message = "The node was restarted", StartedAt = running.StartedAt, FinishedAt = node.Time.GetUtcNow() } }
                : before?.State?.Terminated is not null ? before.State : before?.LastState?.Terminated is not null ? before.LastState : null;
            return new ContainerSnapshot
            {
                Name = container.Name,
                Image = container.Image,
                IsSidecar = isInit && container.RestartPolicy == "Always",
                State = ContainerSnapshot.WaitingState(hasInit ? "PodInitializing" : "ContainerCreating"),
                LastState = ended,
                RestartCount = before?.RestartCount ?? 0,
            };
        }
    }

    private void BeginStop(TimeSpan grace)
    {
        lock (gate)
        {
            var at = node.Time.GetUtcNow() + grace;
            if (killAt is null || at < killAt)
            {
                killAt = at;
                killTimer.Change(grace, Timeout.InfiniteTimeSpan);
            }
        }

        stop.Cancel();
    }

    private void ExceedDeadline()
    {
        state.Change(s => s with { FailureReason = "DeadlineExceeded", FailureMessage = "Pod was active on the node longer than the specified deadline" });
        BeginStop((Pod.Spec?.TerminationGracePeriodSeconds ?? 30) * node.Timings.Second);
    }

    private string WaitingReason(string container) =>
        state.Snapshot.InitContainers.Concat(state.Snapshot.Containers).FirstOrDefault(c => c.Name == container)?.State.Waiting?.Reason ?? "ContainerCreating";

    private async Task RunAsync()
    {
        await Task.Yield();
        Update(Pod);
        using var statusEnd = new CancellationTokenSource();
        var writing = status.RunAsync(ObjectGone, statusEnd.Token);
        string? address = null;
        try
        {
            if (Pod.Spec?.ActiveDeadlineSeconds is { } seconds)
            {
                deadlineTimer.Change(seconds * node.Timings.Second, Timeout.InfiniteTimeSpan);
            }

            node.Devices.Allocate(Pod);
            address = Pod.Spec?.HostNetwork == true ? node.HostIP : node.Addresses.Allocate();
            await RunContainersAsync(address).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped before its containers began.
        }
        catch (DeviceException exception)
        {
            state.Change(s => s with { FailureReason = "UnexpectedAdmissionError", FailureMessage = exception.Message });
        }
        catch (Exception exception)
        {
            LogFailed(Pod.Metadata.NamespaceProperty, Pod.Metadata.Name, exception);
            state.Change(s => s with { FailureReason = "NodeError", FailureMessage = exception.Message });
        }

        if (address is not null)
        {
            node.Addresses.Free(address);
        }

        node.Devices.Free(Uid);

        state.Change(s => s with { Finished = true });
        await statusEnd.CancelAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        if (!leaveObject)
        {
            await FinishAsync().ConfigureAwait(false);
        }
    }

    private async Task RunContainersAsync(string address)
    {
        var folders = await SetUpVolumesAsync(address).ConfigureAwait(false);
        state.Change(s => s with { PodIP = address, SandboxReady = true });
        var restartPolicy = Pod.Spec?.RestartPolicy ?? "Always";

        var sidecars = new Stack<RunningSidecar>();
        var mains = Pod.Spec?.Containers ?? [];
        try
        {
            foreach (var container in Pod.Spec?.InitContainers ?? [])
            {
                stop.Token.ThrowIfCancellationRequested();
                if (container.RestartPolicy == "Always")
                {
                    sidecars.Push(new RunningSidecar(Runner(container, folders, "Always"), kill.Token));
                    await WaitUntilAsync(() => state.Container(container.Name).IsInitialized).ConfigureAwait(false);
                    continue;
                }

                if (state.Container(container.Name).LastState?.Terminated is { ExitCode: 0 } done)
                {
                    state.ChangeContainer(container.Name, c => c with { State = new V1ContainerState { Terminated = done }, LastState = null });
                    continue;
                }

                await Runner(container, folders, restartPolicy == "Always" ? "OnFailure" : restartPolicy).RunAsync(stop.Token, kill.Token).ConfigureAwait(false);
                if (!state.Container(container.Name).HasSucceeded)
                {
                    return;
                }
            }

            stop.Token.ThrowIfCancellationRequested();
            state.Change(s => s with { Containers = [.. s.Containers.Select(c => c.State.Waiting?.Reason == "PodInitializing" ? c with { State = ContainerSnapshot.WaitingState("ContainerCreating") } : c)] });
            await Task.WhenAll(mains.Select(c => RunMainAsync(c, folders, restartPolicy))).ConfigureAwait(false);
        }
        finally
        {
            // After the containers, the last one first: whoever started before may still be needed.
            while (sidecars.TryPop(out var sidecar))
            {
                await sidecar.StopAsync().ConfigureAwait(false);
            }
        }
    }

    private Task RunMainAsync(V1Container container, PodFolders folders, string restartPolicy)
    {
        var last = state.Container(container.Name).LastState?.Terminated;
        if (last is not null && (restartPolicy == "Never" || (restartPolicy == "OnFailure" && last.ExitCode == 0)))
        {
            state.ChangeContainer(container.Name, c => c with { State = new V1ContainerState { Terminated = last }, LastState = null });
            return Task.CompletedTask;
        }

        return Runner(container, folders, restartPolicy).RunAsync(stop.Token, kill.Token);
    }

    private ContainerRunner Runner(V1Container container, PodFolders folders, string restartPolicy)
    {
        var runner = new ContainerRunner(node, state, container, folders, restartPolicy);
        lock (gate)
        {
            runners.Add(runner);
        }

        return runner;
    }

    private async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(node.Timings.Retry / 10, node.Time, stop.Token).ConfigureAwait(false);
        }
    }

    private async Task<PodFolders> SetUpVolumesAsync(string address)
    {
        var root = Path.Combine(node.Options.StateFolder, "pods", Uid);
        var logs = Path.Combine(node.Options.StateFolder, "logs", $"{Pod.Metadata.NamespaceProperty}_{Pod.Metadata.Name}_{Uid}");
        Directory.CreateDirectory(root);
        while (true)
        {
            try
            {
                var volumes = new PodVolumes(node.Client, new DownwardApi(Pod, address, node.HostIP, node.Allocatable), node.Images, root, Path.Combine(node.Options.StateFolder, "claims"));
                return new PodFolders(root, logs, address, await volumes.SetUpAsync(stop.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is VolumeException or ContainerConfigException or KubernetesException or HttpRequestException)
            {
                await node.Events.WarningAsync(Pod, "FailedMount", $"MountVolume.SetUp failed: {exception.Message}", stop.Token).ConfigureAwait(false);
                await Task.Delay(node.Timings.Retry, node.Time, stop.Token).ConfigureAwait(false);
            }
        }
    }

    /// <summary>After the processes: the last status, and, once the object is being deleted, its end and that of its files.</summary>
    private async Task FinishAsync()
    {
        while (!gone.IsCancellationRequested)
        {
            try
            {
                await status.WriteAsync(gone.Token).ConfigureAwait(false);
                await WaitForDeletionAsync().ConfigureAwait(false);
                await node.Client.DeleteAsync<V1Pod>(Pod.Metadata.Name!, Pod.Metadata.NamespaceProperty,
                    new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = Uid } }, gone.Token).ConfigureAwait(false);
                break;
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                break;
            }
            catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
            {
                break;
            }
            catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException)
            {
                LogRetry(Pod.Metadata.NamespaceProperty, Pod.Metadata.Name, exception);
                await DelayUnlessGoneAsync(node.Timings.Retry).ConfigureAwait(false);
            }
        }

        if (!leaveObject)
        {
            RemoveFiles();
        }
    }

    private async Task WaitForDeletionAsync()
    {
        while (Pod.Metadata.DeletionTimestamp is null)
        {
            await state.Changes.WaitToReadAsync(gone.Token).ConfigureAwait(false);
            state.Changes.TryRead(out _);
        }
    }

    private async Task DelayUnlessGoneAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, node.Time, gone.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private void RemoveFiles()
    {
        foreach (var folder in new[] { Path.Combine(node.Options.StateFolder, "pods", Uid), Path.Combine(node.Options.StateFolder, "logs", $"{Pod.Metadata.NamespaceProperty}_{Pod.Metadata.Name}_{Uid}") })
        {
            try
            {
                if (Directory.Exists(folder))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogFilesLeft(folder, exception);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "pod {Namespace}/{Name} cannot be run")]
    private partial void LogFailed(string? @namespace, string? name, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the end of pod {Namespace}/{Name} could not be reported and is tried again")]
    private partial void LogRetry(string? @namespace, string? name, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} could not be removed")]
    private partial void LogFilesLeft(string folder, Exception exception);
}
