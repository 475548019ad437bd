using System.Collections;
using System.Collections.Concurrent;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node.Devices;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Logs;
using Octavo.LocalCluster.Node.Pods;
using Octavo.LocalCluster.Node.Probes;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node;

/// <summary>
/// A node that runs the pods bound to it as processes of this machine, each pod on a loopback address of its own. Works against any API server.
/// </summary>
public sealed class ProcessNode : IAsyncDisposable
{
    private readonly IKubernetesClient client;
    private readonly NodeOptions options;
    private readonly TimeProvider time;
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, PodWorker> workers = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> removals = [];
    private readonly ProcessStarter starter = new();
    private readonly PodAddressAllocator addresses = new();
    private readonly ProbeRunner probes;
    private readonly List<Task> background = [];
    private KubeletEndpoint? endpoint;
    private NodeRegistration? registration;
    private NodeServices? services;

    private ProcessNode(IKubernetesClient client, NodeOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        this.client = client;
        this.options = options;
        this.time = time;
        this.loggers = loggers;
        logger = loggers.CreateLogger<ProcessNode>();
        probes = new ProbeRunner(starter, time);
    }

    public string Name => options.Name;

    /// <summary>Registers the node and begins to run pods; returns when the Node is Ready. Throws <see cref="FormatException"/> for a malformed image mapping.</summary>
    public static async Task<ProcessNode> StartAsync(IKubernetesClient client, NodeOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var images = new ImageStore(options.Images.Select(ImageMapping.Parse).ToList());
        var node = new ProcessNode(client, options, time, loggers);
        try
        {
            await node.StartAsync(images, cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends all pods' processes and leaves none; the objects stay for a node that comes back.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        foreach (var task in background)
        {
            await IgnoreCancellationAsync(task).ConfigureAwait(false);
        }

        foreach (var worker in workers.Values)
        {
            worker.Abandon(options.ShutdownGrace);
        }

        await Task.WhenAll(workers.Values.Select(w => w.Completion)).ConfigureAwait(false);
        await Task.WhenAll(removals).ConfigureAwait(false);
        if (registration is not null)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
            await registration.MarkStoppedAsync(patience.Token).ConfigureAwait(false);
        }

        if (endpoint is not null)
        {
            await endpoint.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var worker in workers.Values)
        {
            worker.Dispose();
        }

        starter.Dispose();
        addresses.Dispose();
        probes.Dispose();
        stopping.Dispose();
    }

    private static async Task IgnoreCancellationAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }
    }

    private static Dictionary<string, string> InheritedEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);

    private async Task StartAsync(ImageStore images, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.StateFolder);
        var ledger = new ProcessLedger(Path.Combine(options.StateFolder, "processes"), logger);
        ledger.KillLeftovers();
        endpoint = await KubeletEndpoint.StartAsync(options.KubeletPort, FindLog, time, cancellationToken).ConfigureAwait(false);
        registration = new NodeRegistration(client, options, endpoint.Port, time, logger);
        services = new NodeServices
        {
            Client = client,
            Options = options,
            Images = images,
            Addresses = addresses,
            Devices = new DeviceAllocator(registration.Capacity),
            Starter = starter,
            Ledger = ledger,
            Probes = probes,
            Events = new ComponentEvents(new EventPublisher(client, "octavo-node", time, loggers.CreateLogger<EventPublisher>())),
            Time = time,
            Logger = logger,
            Allocatable = registration.Capacity,
            Inherited = InheritedEnvironment(),
        };
        var pods = new SharedInformer<V1Pod>(client, new InformerOptions { FieldSelector = $"spec.nodeName={options.Name}" }, time, logger);
        pods.AddEventHandler(Observe, (_, pod) => Observe(pod), Removed);
        background.Add(pods.RunAsync(stopping.Token));
        await pods.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
        RemoveFilesOfOthers();
        await registration.RegisterAsync(cancellationToken).ConfigureAwait(false);
        background.Add(registration.RunAsync(stopping.Token));
    }

    /// <summary>Files of pods that are gone: an earlier run may have ended before it could remove them.</summary>
    private void RemoveFilesOfOthers()
    {
        foreach (var kind in new[] { "pods", "logs" })
        {
            var folder = Path.Combine(options.StateFolder, kind);
            foreach (var entry in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
            {
                if (!workers.Keys.Any(uid => entry.EndsWith(uid, StringComparison.Ordinal)))
                {
                    Directory.Delete(entry, recursive: true);
                }
            }
        }
    }

    private void Observe(V1Pod pod)
    {
        if (workers.TryGetValue(pod.Metadata.Uid!, out var worker))
        {
            worker.Update(pod);
            return;
        }

        var isOver = pod.Status?.Phase is "Succeeded" or "Failed";
        if (isOver && pod.Metadata.DeletionTimestamp is null)
        {
            return; // Ended in an earlier run of this node.
        }

        workers[pod.Metadata.Uid!] = new PodWorker(pod, services!);
    }

    private void Removed(V1Pod pod)
    {
        if (workers.TryRemove(pod.Metadata.Uid!, out var worker))
        {
            worker.ObjectGone();
            removals.Add(DisposeAfterAsync(worker));
        }
    }

    private static async Task DisposeAfterAsync(PodWorker worker)
    {
        await worker.Completion.ConfigureAwait(false);
        worker.Dispose();
    }

    private (ContainerLog? Log, string? Reason) FindLog(LogAddress address)
    {
        var worker = workers.Values
            .Where(w => w.Pod.Metadata.Name == address.Pod && w.Pod.Metadata.NamespaceProperty == address.Namespace)
            .MaxBy(w => w.Pod.Metadata.CreationTimestamp);
        return worker?.FindLog(address.Container, address.Previous) ?? (null, $"pod \"{address.Pod}\" is not on this node");
    }
}
