using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>
/// Many nodes that run nothing: one client registers them, renews their leases and writes the statuses of their pods as each pod's script says. For tests
/// of what happens above the kubelet, at any size. Works against any API server.
/// </summary>
public sealed class HollowNodes : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, Heart> hearts = new(StringComparer.Ordinal);
    private readonly List<Task> background = [];
    private readonly IKubernetesClient client;
    private readonly HollowNodesOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly HollowPods pods;

    private HollowNodes(IKubernetesClient client, HollowNodesOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        this.client = client;
        this.options = options;
        this.time = time;
        logger = loggers.CreateLogger<HollowNodes>();
        pods = new HollowPods(client, options, hearts.ContainsKey, time, logger);
    }

    /// <summary>Pods that had not ended by themselves when their grace was over, in the order of their end.</summary>
    public IReadOnlyCollection<NamespacedName> Killed => pods.Killed;

    /// <summary>Returns when all nodes are registered and Ready.</summary>
    public static async Task<HollowNodes> StartAsync(IKubernetesClient client, HollowNodesOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var nodes = new HollowNodes(client, options, time, loggers);
        try
        {
            await nodes.StartAsync(loggers, cancellationToken).ConfigureAwait(false);
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The node falls silent as a machine does that loses its power: no heartbeat, no status, and its pods do not end either.</summary>
    public async Task FailAsync(string node)
    {
        if (hearts.TryRemove(node, out var heart))
        {
            await heart.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The node is back; what it missed is made up for.</summary>
    public async Task RecoverAsync(string node, CancellationToken cancellationToken)
    {
        var found = options.Nodes.First(n => n.IsHollow && n.Name == node);
        if (!hearts.ContainsKey(node))
        {
            await RegisterAsync(found, cancellationToken).ConfigureAwait(false);
            pods.LookAgain(node);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(hearts.Values.Select(h => h.StopAsync())).ConfigureAwait(false);
        await Task.WhenAll(background).ConfigureAwait(false);
        pods.Dispose();
        stopping.Dispose();
    }

    private async Task StartAsync(ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var informer = new SharedInformer<V1Pod>(client, new InformerOptions { FieldSelector = "spec.nodeName!=" }, time, loggers.CreateLogger<HollowNodes>());
        pods.Follow(informer);
        background.Add(informer.RunAsync(stopping.Token));
        await informer.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
        await Parallel.ForEachAsync(options.Nodes.Where(n => n.IsHollow), new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = cancellationToken },
            async (node, stop) => await RegisterAsync(node, stop).ConfigureAwait(false)).ConfigureAwait(false);
        background.Add(pods.RunAsync(options.Workers, stopping.Token));
    }

    private async Task RegisterAsync(ClusterNode node, CancellationToken cancellationToken)
    {
        var registration = new NodeRegistration(client, Options(node), kubeletPort: 0, time, logger);
        await registration.RegisterAsync(cancellationToken).ConfigureAwait(false);
        hearts[node.Name] = new Heart(registration, CancellationTokenSource.CreateLinkedTokenSource(stopping.Token));
    }

    private NodeOptions Options(ClusterNode node) => new()
    {
        Name = node.Name,
        StateFolder = "",
        Kind = "hollow",
        Labels = node.Labels,
        Taints = node.Taints,
        Cpu = node.Resources.GetValueOrDefault("cpu", options.Cpu),
        Memory = node.Resources.GetValueOrDefault("memory", options.Memory),
        MaxPods = options.MaxPods,
        ExtendedResources = node.Resources.Where(r => r.Key is not ("cpu" or "memory")).ToDictionary(),
        Timings = options.Timings,
    };

    private sealed class Heart(NodeRegistration registration, CancellationTokenSource stop)
    {
        private readonly Task beating = registration.RunAsync(stop.Token);

        public async Task StopAsync()
        {
            await stop.CancelAsync().ConfigureAwait(false);
            try
            {
                await beating.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // That is how it ends.
            }

            stop.Dispose();
        }
    }
}
