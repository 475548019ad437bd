using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Deletion;
using Octavo.Operator.Integrations;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;
using Octavo.Operator.Sidecar;
using Octavo.Operator.Storage;
using Octavo.Operator.Workloads;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Controller;

/// <summary>The controller with its sub-reconcilers over an API server in memory; caches are filled when the test says so, so nothing runs by itself.</summary>
internal sealed class OperatorHarness
{
    public const string Name = "chat";
    public const string Namespace = "team";

    private readonly Indexer<V1Alpha1InferenceService> services = new();
    private readonly Indexer<V1Deployment> deployments = new();
    private readonly Indexer<V1ControllerRevision> records = new();
    private readonly Indexer<V1LeaderWorkerSet> sets = new();
    private readonly Indexer<V1Service> addresses = new();
    private readonly Indexer<V1PersistentVolumeClaim> claims = new();
    private readonly Indexer<V1Pod> pods = new();
    private readonly Indexer<V1Job> jobs = new();
    private readonly Indexer<WorkloadRevision> revisions = new();
    private readonly Indexer<V1Node> nodes = new();
    private readonly Indexer<ClusterPod> clusterPods = new();
    private readonly Indexer<PodMonitor> podMonitors = new();
    private readonly Indexer<ServiceMonitor> serviceMonitors = new();
    private readonly Indexer<PrometheusRule> rules = new();
    private readonly Indexer<HTTPRoute> routes = new();
    private readonly Indexer<InferencePool> pools = new();
    private readonly Indexer<V1PodDisruptionBudget> budgets = new();
    private readonly Indexer<InjectedDeployment> sidecars = new();

    public OperatorHarness()
    {
        Client = new FakeKubernetesClient(Time);
        pods.AddIndex(ClusterView.ServiceIndex, pod => ClusterView.ServiceOf(pod).Select(key => key.ToString()));
        pods.AddIndex(FillView.HashIndex, FillView.HashOf);
        jobs.AddIndex(FillView.HashIndex, FillView.HashOf);
        jobs.AddIndex(FillView.OwnerIndex, FillView.OwnersOf);
        Fills = new FillView(new(services), new(jobs), new(pods));
        records.AddIndex(ClusterView.ServiceIndex, record => ClusterView.ServiceOf(record).Select(key => key.ToString()));
        revisions.AddIndex(ClusterView.ServiceIndex, revision => ClusterView.ServiceOf(revision).Select(key => key.ToString()));
        sidecars.AddIndex(SidecarView.ServiceIndex, deployment => SidecarView.ServicesOf(deployment).Select(key => key.ToString()));
        clusterPods.AddIndex(CapacityView.NodeIndex, CapacityView.NodeOf);
        Workloads = new ServingWorkloads(
            new DeploymentWorkload(new(deployments), new ObjectApplier(Client)), new LeaderWorkerSetWorkload(new(sets), () => SetsUnavailable, new ObjectApplier(Client)));
        Cluster = new ClusterView(new(services), Workloads, new(records), new(addresses), new(claims), new(pods), States, Time);
        Metrics = new OperatorMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        Controller = Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:1" });
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 5, 1, 10, 0, 0, TimeSpan.Zero));
    public FakeKubernetesClient Client { get; }

    /// <summary>Optional kinds that the cluster does not have.</summary>
    public HashSet<Type> Missing { get; } = [];

    /// <summary>Of the controller that was made last.</summary>
    public OrderedDeletion Deletion { get; private set; } = null!;

    public ServingWorkloads Workloads { get; }

    /// <summary>Why the cluster has no LeaderWorkerSet; null: it has.</summary>
    public string? SetsUnavailable { get; set; }


    /// <summary>Every status that a reconcile left; none passes that breaks a rule.</summary>
    public StatusRecorder Statuses { get; } = new(ReasonCatalogue.Unexplained);

    public ClusterView Cluster { get; }
    public AutoscalerStates States { get; } = new();
    public FetchStates Fetches { get; } = new();
    public FillView Fills { get; }
    public OperatorMetrics Metrics { get; }
    public InferenceServiceController Controller { get; set; }

    /// <summary>Why nodes are not shown; null: they are.</summary>
    public string? CapacityUnknown { get; set; }

    public static NamespacedName Key => new(Namespace, Name);

    public InferenceServiceController Create(OperatorOptions options)
    {
        var services = new ServiceCollection();
        foreach (var feature in options.Features)
        {
            feature.AddServices(services);
        }

        // What the features add of these is not used: the last registration counts.
        services.AddLogging()
            .AddSingleton<IKubernetesClient>(Client)
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(Cluster)
            .AddSingleton(States)
            .AddSingleton(Fetches)
            .AddSingleton(Fills)
            .AddSingleton(Metrics)
            .AddSingleton(options)
            .AddSingleton(new EventPublisher(Client, ServingObjectMeta.FieldManager, Time, NullLogger<EventPublisher>.Instance))
            .AddSingleton(new CapacityView(new(nodes), new(clusterPods), () => CapacityUnknown))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<RolloutView>(provider, new Lister<WorkloadRevision>(revisions)))
            .AddSingleton(Workloads)
            .AddSingleton(new SidecarView(new(sidecars)))
            .AddSingleton(Optional(podMonitors))
            .AddSingleton(Optional(serviceMonitors))
            .AddSingleton(Optional(rules))
            .AddSingleton(Optional(routes))
            .AddSingleton(Optional(pools))
            .AddSingleton(Optional(budgets));
        var provider = services.BuildServiceProvider();
        Deletion = ActivatorUtilities.CreateInstance<OrderedDeletion>(provider);
        return ActivatorUtilities.CreateInstance<InferenceServiceController>(provider);
    }

    private OptionalKind<T> Optional<T>(Indexer<T> indexer) where T : class, IKubernetesObject =>
        new(new(indexer), () => Missing.Contains(typeof(T)) ? $"the server serves no {typeof(T).Name}" : null);

    public Task CreateAsync(InferenceServiceSpec? spec = null) =>
        Client.CreateAsync(new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = Namespace }, Spec = spec ?? Spec() }, null, CancellationToken.None);

    public static InferenceServiceSpec Spec(string uri = "file:///models/tiny") => new() { Model = new ModelSpec { Uri = uri } };

    public static InferenceServiceSpec Autoscaled(int min = 1, int max = 3) => Spec() with { Autoscaling = new AutoscalingSpec { MinReplicas = min, MaxReplicas = max } };

    public async Task ChangeSpecAsync(Func<InferenceServiceSpec, InferenceServiceSpec> change)
    {
        var service = await ServiceAsync();
        await Client.UpdateAsync(service with { Spec = change(service.Spec) }, null, CancellationToken.None);
    }

    public Task<V1Alpha1InferenceService> ServiceAsync() => Client.GetAsync<V1Alpha1InferenceService>(Name, Namespace, CancellationToken.None);

    public Task<V1Deployment?> DeploymentAsync() => Client.FindAsync<V1Deployment>(Name, Namespace, CancellationToken.None);

    public async Task<IReadOnlyList<V1ControllerRevision>> RecordsAsync() =>
        [.. (await Client.ListAsync<V1ControllerRevision>(Namespace, null, CancellationToken.None)).Items.OrderBy(r => r.Revision)];

    public async Task<V1Condition?> ConditionAsync(string type) => (await ServiceAsync()).Status?.Conditions?.FirstOrDefault(c => c.Type == type);

    public async Task<IReadOnlyList<Corev1Event>> EventsAsync() => (await Client.ListAsync<Corev1Event>(Namespace, null, CancellationToken.None)).Items;

    /// <summary>Fills the caches with what the server has, as informers that caught up.</summary>
    public async Task SyncAsync()
    {
        await FillAsync(services, _ => true);
        await FillAsync(deployments, Managed);
        await FillAsync(records, Managed);
        await FillAsync(sets, Managed);
        await FillAsync(addresses, Managed);
        await FillAsync(claims, Managed);
        await FillAsync(pods, Managed);
        await FillAsync(jobs, Managed);
        await FillAsync(revisions, Managed);
        await FillAsync(nodes, _ => true);
        await FillAsync(clusterPods, _ => true);
        await FillOptionalAsync(podMonitors);
        await FillOptionalAsync(serviceMonitors);
        await FillOptionalAsync(rules);
        await FillOptionalAsync(routes);
        await FillOptionalAsync(pools);
        await FillOptionalAsync(budgets);

        static bool Managed(IKubernetesObject entity) => entity.Metadata.Labels?.GetValueOrDefault("app.kubernetes.io/managed-by") == ServingObjectMeta.FieldManager;
    }

    /// <summary>The caches of workload and pods are ahead of that of InferenceServices.</summary>
    public async Task SyncDeploymentAsync()
    {
        await FillAsync(deployments, _ => true);
        await FillAsync(pods, _ => true);
    }

    /// <summary>As if the cache of records were behind.</summary>
    public void ForgetRecords() => records.List().ToList().ForEach(record => records.Remove(NamespacedName.Of(record)));

    /// <summary>Caches catch up, then one reconcile.</summary>
    public async Task ReconcileAsync()
    {
        await SyncAsync();
        await ReconcileWithOldCacheAsync();
    }

    public async Task ReconcileWithOldCacheAsync()
    {
        if (services.Get(Key) is { } service)
        {
            var result = await Controller.ReconcileAsync(service, CancellationToken.None);
            result.IsSuccess.Should().BeTrue();
            if ((await Client.ListAsync<V1Alpha1InferenceService>(Namespace, null, CancellationToken.None)).Items.SingleOrDefault(s => s.Metadata.Name == Name) is { } written)
            {
                // A cache that is behind makes a status of what it knows.
                Statuses.Record(KubernetesJson.ToNode(written.Metadata.Generation == service.Metadata.Generation ? written : written with { Metadata = service.Metadata }).AsObject());
            }
        }
        else
        {
            await Controller.DeletedAsync(Key, CancellationToken.None);
        }
    }

    /// <summary>Reconciles and counts what was written.</summary>
    public async Task<IReadOnlyList<FakeRequest>> WritesOfReconcileAsync()
    {
        await SyncAsync();
        Client.ClearRequests();
        await ReconcileWithOldCacheAsync();
        return Client.Writes;
    }

    /// <summary>Plays the Deployment controller and the kubelet: the Deployment's status, and one pod for each replica.</summary>
    public async Task RolloutAsync(int ready, Func<int, V1PodStatus>? podStatus = null)
    {
        var deployment = (await DeploymentAsync())!;
        var replicas = deployment.Spec!.Replicas!.Value;
        await Client.UpdateStatusAsync(
            deployment with
            {
                Status = new V1DeploymentStatus
                {
                    ObservedGeneration = deployment.Metadata.Generation,
                    Replicas = replicas,
                    UpdatedReplicas = replicas,
                    ReadyReplicas = ready,
                    AvailableReplicas = ready,
                },
            },
            null,
            CancellationToken.None);
        for (var i = 0; i < replicas; i++)
        {
            var status = podStatus?.Invoke(i) ?? (i < ready ? Pods.Ready($"127.1.0.{i + 1}") : new V1PodStatus { Phase = "Pending" });
            await SetPodAsync($"{Name}-{i}", deployment, status);
        }
    }

    private async Task SetPodAsync(string name, V1Deployment deployment, V1PodStatus status)
    {
        var pod = await Client.FindAsync<V1Pod>(name, Namespace, CancellationToken.None) ?? await Client.CreateAsync(
            new V1Pod
            {
                Metadata = deployment.Spec!.Template!.Metadata! with { Name = name, NamespaceProperty = Namespace },
                Spec = deployment.Spec.Template.Spec,
            },
            null,
            CancellationToken.None);
        await Client.UpdateStatusAsync(pod with { Status = status }, null, CancellationToken.None);
    }

    private Task FillOptionalAsync<T>(Indexer<T> indexer) where T : class, IKubernetesObject => FillAsync(indexer, entity => !Missing.Contains(typeof(T)) && entity.Metadata.Labels is not null);

    private async Task FillAsync<T>(Indexer<T> indexer, Func<T, bool> includes) where T : class, IKubernetesObject
    {
        var live = (await Client.ListAsync<T>(null, null, CancellationToken.None)).Items.Where(includes).ToList();
        foreach (var gone in indexer.List().Where(old => live.All(l => l.Metadata.Uid != old.Metadata.Uid)).ToList())
        {
            indexer.Remove(NamespacedName.Of(gone));
        }

        foreach (var item in live)
        {
            indexer.Set(item);
        }
    }
}
