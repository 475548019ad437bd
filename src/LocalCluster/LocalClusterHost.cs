using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node;
using Octavo.LocalCluster.Node.Hollow;

namespace Octavo.LocalCluster;

/// <summary>
/// API server, controllers and process nodes in this process. Everything but the server itself goes over HTTPS with an ordinary client, so a part can be
/// left out or run elsewhere.
/// </summary>
public sealed class LocalClusterHost : IAsyncDisposable
{
    private readonly List<ProcessNode> nodes = [];
    private readonly LocalClusterOptions options;
    private readonly string stateFolder;
    private ApiServerHost? server;
    private ControllerManager? controllers;
    private HttpKubernetesClient? client;
    private HollowNodes? hollow;

    private LocalClusterHost(LocalClusterOptions options)
    {
        this.options = options;
        stateFolder = Path.GetFullPath(options.StateFolder ?? Directory.CreateTempSubdirectory("octavo-local-").FullName);
        KubeConfigPath = Path.GetFullPath(options.KubeConfigPath ?? Path.Combine(stateFolder, "kubeconfig"));
    }

    public Uri BaseUri => server!.BaseUri;

    public string KubeConfigPath { get; }

    /// <summary>A client with the administrator's rights.</summary>
    public IKubernetesClient Client => client!;

    public ApiServerHost ApiServer => server!;

    /// <summary>What goes wrong with requests; nothing unless rules are added.</summary>
    public FaultPlan Faults => server!.Faults;

    public string StateFolder => stateFolder;

    /// <summary>The hollow nodes, which tests can let fail and recover. Throws <see cref="InvalidOperationException"/> where the cluster has none.</summary>
    public HollowNodes HollowNodes => hollow ?? throw new InvalidOperationException("this cluster has no hollow nodes");

    /// <summary>Returns when the kubeconfig is written and all nodes are Ready.</summary>
    public static async Task<LocalClusterHost> StartAsync(LocalClusterOptions options, CancellationToken cancellationToken)
    {
        var host = new LocalClusterHost(options);
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The controllers end first, so that nothing is made again; then the nodes with all their processes; then the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (controllers is not null)
        {
            await controllers.DisposeAsync().ConfigureAwait(false);
        }

        if (hollow is not null)
        {
            await hollow.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(nodes.Select(n => n.DisposeAsync().AsTask())).ConfigureAwait(false);
        client?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }

        if (options.StateFolder is null && Directory.Exists(stateFolder))
        {
            Directory.Delete(stateFolder, recursive: true);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        server = await ApiServerHost.StartAsync(options.ApiServer, cancellationToken).ConfigureAwait(false);
        await KubeConfigFile.WriteAsync(KubeConfigPath, server.BaseUri, server.ServerCertificateAuthority, server.AdminToken, cancellationToken).ConfigureAwait(false);
        client = new HttpKubernetesClient(
            new KubernetesClientConfiguration
            {
                Host = server.BaseUri,
                AccessToken = server.AdminToken,
                CertificateAuthorityPem = server.ServerCertificateAuthority,
                UserAgent = FaultPlan.OwnClient,
            },
            options.TimeProvider);
        var startingNodes = Enumerable.Range(1, options.Nodes).Select(n => new ClusterNode { Name = $"node-{n}" }).Concat(options.NodeList.Where(n => !n.IsHollow))
            .Select(n => StartNodeAsync(n, cancellationToken)).Append(StartHollowNodesAsync(cancellationToken)).ToList();
        try
        {
            if (options.RunControllers)
            {
                controllers = await ControllerManager.StartAsync(
                    client, options.Controllers with { CertificateAuthority = server.ServerCertificateAuthority }, options.TimeProvider, options.Loggers, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // Also after a failure: what has been started must be known, or it could not be ended.
            await Task.WhenAll(startingNodes).ConfigureAwait(false);
        }

        // Pods are refused without it, and whoever is told that the cluster is ready may create one at once.
        while (options.RunControllers && await client.FindAsync<V1ServiceAccount>("default", "default", cancellationToken).ConfigureAwait(false) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StartNodeAsync(ClusterNode description, CancellationToken cancellationToken)
    {
        var node = await ProcessNode.StartAsync(client!, NodeOptions(description), options.TimeProvider, options.Loggers, cancellationToken).ConfigureAwait(false);
        lock (nodes)
        {
            nodes.Add(node);
        }
    }

    private async Task StartHollowNodesAsync(CancellationToken cancellationToken)
    {
        if (options.NodeList.Any(n => n.IsHollow))
        {
            hollow = await HollowNodes.StartAsync(client!, HollowOptions(), options.TimeProvider, options.Loggers, cancellationToken).ConfigureAwait(false);
        }
    }

    private HollowNodesOptions HollowOptions()
    {
        var common = new HollowNodesOptions { Nodes = options.NodeList };
        return common with
        {
            Script = options.PodScript,
            Address = options.HollowPodAddress,
            Cpu = options.NodeCpu ?? common.Cpu,
            Memory = options.NodeMemory ?? common.Memory,
            MaxPods = options.MaxPodsPerNode,
            Timings = options.NodeTimings,
        };
    }

    private NodeOptions NodeOptions(ClusterNode node)
    {
        var devices = new Dictionary<string, string>(options.ExtendedResources, StringComparer.Ordinal);
        foreach (var (name, quantity) in node.Resources.Where(r => r.Key is not ("cpu" or "memory")))
        {
            devices[name] = quantity;
        }

        return new NodeOptions
        {
            Name = node.Name,
            StateFolder = Path.Combine(stateFolder, "nodes", node.Name),
            Images = options.Images,
            Labels = node.Labels,
            Taints = node.Taints,
            ExtendedResources = devices,
            Cpu = node.Resources.GetValueOrDefault("cpu") ?? options.NodeCpu,
            Memory = node.Resources.GetValueOrDefault("memory") ?? options.NodeMemory,
            MaxPods = options.MaxPodsPerNode,
            Timings = options.NodeTimings,
        };
    }
}
