using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>A whole cluster in this process: API server, controllers, hollow nodes, and any number of operators. All clocks run at one hurried pace.</summary>
internal sealed class ClusterHarness : IAsyncDisposable
{
    public const string Namespace = "default";

    /// <summary>Hurried seconds in a second.</summary>
    public const int Pace = 5;

    private readonly List<OperatorInstance> operators = [];
    private readonly int pace;

    private ClusterHarness(LocalClusterHost host, int pace)
    {
        Host = host;
        this.pace = pace;
        Configuration = new KubernetesClientConfiguration
        {
            Host = host.BaseUri,
            AccessToken = host.ApiServer.AdminToken,
            CertificateAuthorityPem = host.ApiServer.ServerCertificateAuthority,
        };
    }

    public LocalClusterHost Host { get; }

    /// <summary>Of the cluster's own components: no fault befalls it.</summary>
    public IKubernetesClient Client => Host.Client;

    public KubernetesClientConfiguration Configuration { get; }

    public FaultPlan Faults => Host.Faults;

    public WriteRecorder Writes { get; } = new();

    public LogTail Log { get; } = new();

    public IReadOnlyList<OperatorInstance> Operators => operators;

    /// <param name="pace">Of all clocks; slower where intervals are measured, since a busy machine makes hurried ones longer.</param>
    public static async Task<ClusterHarness> StartAsync(LocalClusterOptions options, CancellationToken cancellationToken, int pace = Pace)
    {
        var host = await LocalClusterHost.StartAsync(options with { TimeProvider = new HurriedTime(pace), Nodes = 0 }, cancellationToken);
        await CustomResources.InstallAsync(host.Client, cancellationToken);
        return new ClusterHarness(host, pace);
    }

    /// <summary>The first leads; further ones follow it.</summary>
    /// <param name="skew">How far its clock is ahead of the others'.</param>
    public async Task<OperatorInstance> StartOperatorAsync(string name, CancellationToken cancellationToken, OperatorOptions? options = null, TimeSpan skew = default)
    {
        // Replicas of hollow nodes have no metrics, so the autoscaler looks rarely.
        var instance = await OperatorInstance.StartAsync(
            name,
            Configuration,
            (options ?? new OperatorOptions()) with { LeaderElect = true, LeaderElectionNamespace = Namespace, AutoscalingInterval = TimeSpan.FromMinutes(5) },
            new HurriedTime(pace, skew),
            Writes,
            Log,
            cancellationToken);
        operators.Add(instance);
        return instance;
    }

    public async Task StopOperatorAsync(OperatorInstance instance)
    {
        operators.Remove(instance);
        await instance.DisposeAsync();
    }

    public Task<V1Alpha1InferenceService> ApplyAsync(string name, InferenceServiceSpec spec, CancellationToken cancellationToken) => Client.ApplyAsync(
        new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace }, Spec = spec },
        new ApplyOptions { FieldManager = "user", Force = true },
        cancellationToken);

    /// <summary>A claim that every node can mount; it holds nothing yet.</summary>
    public Task CreateClaimAsync(string name, CancellationToken cancellationToken) => Client.CreateAsync(
        new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace },
            Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteMany"], Resources = new V1ResourceRequirements { Requests = new Dictionary<string, string> { ["storage"] = "1Gi" } } },
        },
        null,
        cancellationToken);

    public Task<V1Alpha1InferenceService?> FindAsync(string name, CancellationToken cancellationToken) => Client.FindAsync<V1Alpha1InferenceService>(name, Namespace, cancellationToken);

    /// <summary>Waits until a question is answered with null; the last answer is the failure's message.</summary>
    public static async Task UntilAsync(Func<Task<string?>> whatIsMissing, TimeSpan limit, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (await whatIsMissing() is { } missing)
        {
            if (TimeProvider.System.GetElapsedTime(begin) > limit)
            {
                throw new TimeoutException($"after {limit.TotalSeconds:0} s still: {missing}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        await Task.WhenAll(operators.Select(o => o.DisposeAsync().AsTask()));
        await Host.DisposeAsync();
    }
}
