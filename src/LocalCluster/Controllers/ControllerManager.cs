using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.Controllers.Budgets;
using Octavo.LocalCluster.Controllers.Deployments;
using Octavo.LocalCluster.Controllers.EndpointSlices;
using Octavo.LocalCluster.Controllers.GarbageCollection;
using Octavo.LocalCluster.Controllers.Jobs;
using Octavo.LocalCluster.Controllers.LeaderWorkerSets;
using Octavo.LocalCluster.Controllers.Namespaces;
using Octavo.LocalCluster.Controllers.Nodes;
using Octavo.LocalCluster.Controllers.ReplicaSets;
using Octavo.LocalCluster.Controllers.Scheduling;

namespace Octavo.LocalCluster.Controllers;

/// <summary>All controllers and the scheduler: ordinary clients of the API server that share one set of caches.</summary>
public sealed class ControllerManager : IAsyncDisposable
{
    private const int BindingsAtOnce = 4;

    private readonly CancellationTokenSource stopping = new();
    private readonly List<QueueController> controllers = [];
    private readonly List<Task> running = [];

    private ControllerManager()
    {
    }

    /// <summary>Starts all controllers; returns when their caches are filled.</summary>
    public static async Task<ControllerManager> StartAsync(IKubernetesClient client, ControllerManagerOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var manager = new ControllerManager();
        var informers = new ClusterInformers(client, time, loggers.CreateLogger<ClusterInformers>()).Create();
        var events = new ComponentEvents(new EventPublisher(client, "octavo-controllers", time, loggers.CreateLogger<EventPublisher>()));
        var scheduling = new ComponentEvents(new EventPublisher(client, "default-scheduler", time, loggers.CreateLogger<EventPublisher>()));
        var collector = new GarbageCollector(client, time, loggers.CreateLogger<GarbageCollector>());
        var scheduler = new SchedulerController(client, informers, scheduling, time, loggers.CreateLogger<SchedulerController>());
        var workerSets = new LeaderWorkerSetController(client, informers, events, time, loggers.CreateLogger<LeaderWorkerSetController>());
        QueueController[] others =
        [
            new DeploymentController(client, informers, events, time, loggers.CreateLogger<DeploymentController>()),
            new ReplicaSetController(client, informers, events, time, loggers.CreateLogger<ReplicaSetController>()),
            new JobController(client, informers, events, options.JobFailureBackOff, time, loggers.CreateLogger<JobController>()),
            new EndpointSliceController(client, informers, time, loggers.CreateLogger<EndpointSliceController>()),
            new NamespaceController(client, informers, time, loggers.CreateLogger<NamespaceController>()),
            new NamespaceDefaultsController(client, informers, options.CertificateAuthority, time, loggers.CreateLogger<NamespaceDefaultsController>()),
            new NodeLifecycleController(client, informers, events, options.NodeGracePeriod, time, loggers.CreateLogger<NodeLifecycleController>()),
            new TaintEvictionController(client, informers, events, options.OrphanedPodQuarantine, time, loggers.CreateLogger<TaintEvictionController>()),
            new BudgetController(client, informers, time, loggers.CreateLogger<BudgetController>()),
            workerSets,
            new ClaimBinder(client, informers, time, loggers.CreateLogger<ClaimBinder>()),
            collector,
        ];
        manager.controllers.AddRange(others);
        manager.controllers.Add(scheduler);
        try
        {
            manager.running.Add(informers.RunAsync(manager.stopping.Token));
            await informers.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
            manager.running.Add(collector.DiscoverAsync(manager.stopping.Token));
            manager.running.Add(workerSets.FollowAsync(manager.stopping.Token));
            manager.running.AddRange(others.Select(c => c.RunAsync(options.WorkersPerController, manager.stopping.Token)));

            manager.running.Add(scheduler.RunAsync(BindingsAtOnce, manager.stopping.Token));
            return manager;
        }
        catch
        {
            await manager.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        foreach (var controller in controllers)
        {
            controller.Dispose();
        }

        stopping.Dispose();
    }
}
