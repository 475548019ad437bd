using System.Globalization;
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

    /// <summary>
    /// `make test-latency`: every request of an operator takes so much longer. A test that looks for the second of two writes when it has seen the first then fails always, and
    /// not now and then on a busy machine.
    /// </summary>
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(
        int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_TEST_LATENCY_MS"), CultureInfo.InvariantCulture, out var milliseconds) ? milliseconds : 0);

    private const int QuietLooks = 20;

    /// <summary>Longer than what may come between two writes of a loop that ends.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestUnrest = TimeSpan.FromSeconds(30);

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
        if (Latency > TimeSpan.Zero)
        {
            host.Faults.Add(new FaultRule { Kind = FaultKind.Slow, Client = "octavo-operator", Delay = Latency });
        }

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

    /// <summary>Until nothing was written for a while: what is as wanted is left alone.</summary>
    /// <exception cref="TimeoutException">It never came to rest; the message has what was written last.</exception>
    public Task UntilQuietAsync(CancellationToken cancellationToken) => UntilQuietAsync(() => ObjectVersions.ReadAsync(Client, cancellationToken), cancellationToken);

    /// <inheritdoc cref="UntilQuietAsync(CancellationToken)"/>
    /// <param name="read">What is there, each with its version.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task UntilQuietAsync(Func<Task<SortedDictionary<string, string>>> read, CancellationToken cancellationToken)
    {
        var (begin, since, looks) = (TimeProvider.System.GetTimestamp(), TimeProvider.System.GetTimestamp(), 0);
        var before = await read();
        // Some looks and not only some time: where the machine stood still nobody had the time to write.
        while (looks < QuietLooks || TimeProvider.System.GetElapsedTime(since) < Quiet)
        {
            await Task.Delay(Quiet / QuietLooks, TimeProvider.System, cancellationToken);
            var now = await read();
            looks++;
            if (ObjectVersions.Changes(before, now) is { Count: > 0 } changes)
            {
                if (TimeProvider.System.GetElapsedTime(begin) > LongestUnrest)
                {
                    throw new TimeoutException($"after {LongestUnrest.TotalSeconds:0} s still written: {string.Join("; ", changes)}");
                }

                (before, since, looks) = (now, TimeProvider.System.GetTimestamp(), 0);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        await Task.WhenAll(operators.Select(o => o.DisposeAsync().AsTask()));
        await Host.DisposeAsync();
    }
}
