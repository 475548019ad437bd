using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>
/// Keeps the groups of LeaderWorkerSets, once their CRD is there: pods by name, workers owned by their leader, a group made anew as a whole where one of its
/// pods restarts. A small version of the real controller: no subgroups, no exclusive placement, pods without StatefulSets between.
/// </summary>
internal sealed class LeaderWorkerSetController : QueueController
{
    private const string SetLabel = "set";
    private static readonly TimeSpan LookForDefinition = TimeSpan.FromSeconds(1);

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;
    private readonly SharedInformer<LeaderWorkerSet> sets;

    public LeaderWorkerSetController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeProvider time, ILogger logger)
        : base("leaderworkerset", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        sets = new SharedInformer<LeaderWorkerSet>(client, new InformerOptions { MaxBackoff = LookForDefinition }, time, logger);
        sets.AddEventHandler(s => Queue.Add(NamespacedName.Of(s)), (_, s) => Queue.Add(NamespacedName.Of(s)));
        informers.Pods.AddIndex(SetLabel, static pod => SetOf(pod) is { } set ? [$"{set.Namespace}/{set.Name}"] : []);
        informers.Pods.AddEventHandler(Enqueue, (_, pod) => Enqueue(pod), Enqueue);
    }

    /// <summary>Waits for the CRD, then keeps the cache of sets; until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var definitions = new SharedInformer<SetDefinition>(client, new InformerOptions { FieldSelector = $"metadata.name=leaderworkersets.{LeaderWorkerSet.Group}" }, Time, Logger);
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        definitions.AddEventHandler(_ => served.TrySetResult(), (_, _) => served.TrySetResult());
        var watching = definitions.RunAsync(cancellationToken);
        try
        {
            await served.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            await sets.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }

        await watching.ConfigureAwait(false);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (sets.Lister.Get(key) is not { Metadata.DeletionTimestamp: null, Spec.LeaderWorkerTemplate.WorkerTemplate: not null } set)
        {
            return null;
        }

        await EnsureServiceAsync(set, cancellationToken).ConfigureAwait(false);
        var groups = PodGroup.Of(informers.Pods.Lister.ByIndex(SetLabel, $"{key.Namespace}/{key.Name}"));
        var revision = GroupPlanner.Revision(set);
        var plan = GroupPlanner.Plan(set, groups, revision);
        foreach (var group in plan.Delete)
        {
            await DeleteAsync(set, group, cancellationToken).ConfigureAwait(false);
        }

        foreach (var (group, worker) in plan.Create)
        {
            await CreateAsync(set, groups.FirstOrDefault(g => g.Index == group)?.Leader, group, worker, revision, cancellationToken).ConfigureAwait(false);
        }

        var status = GroupPlanner.Status(set, groups, revision, Time.GetUtcNow());
        if (!KubernetesJson.DeepEquals(set.Status is null ? null : set.Status with { AdditionalProperties = null }, status))
        {
            await client.UpdateStatusAsync(set with { Status = status }, Write, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task EnsureServiceAsync(LeaderWorkerSet set, CancellationToken cancellationToken)
    {
        if (informers.Services.Lister.Get(set.Metadata.NamespaceProperty, set.Metadata.Name!) is null)
        {
            await IgnoreExistingAsync(client.CreateAsync(GroupPods.Service(set), Write, cancellationToken)).ConfigureAwait(false);
        }
    }

    private async Task CreateAsync(LeaderWorkerSet set, V1Pod? leader, int group, int worker, string revision, CancellationToken cancellationToken)
    {
        var pod = worker == 0 || leader is null ? GroupPods.Leader(set, group, revision) : GroupPods.Worker(set, leader, group, worker, revision);
        if (await IgnoreExistingAsync(client.CreateAsync(pod, Write, cancellationToken)).ConfigureAwait(false))
        {
            await events.NormalAsync(set, "GroupsProgressing", $"Created pod {pod.Metadata.Name}", cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DeleteAsync(LeaderWorkerSet set, PodGroup group, CancellationToken cancellationToken)
    {
        // Without a leader the rest has no owner any more; the collector may not have got to it.
        foreach (var pod in group.Leader is { } leader ? [leader] : group.Pods)
        {
            try
            {
                await client.DeleteAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty,
                    new V1DeleteOptions { PropagationPolicy = "Foreground", Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
            {
                // Gone, or made anew under the name.
            }
        }

        if (group.IsBroken)
        {
            await events.NormalAsync(set, "RecreateGroupOnPodRestart", $"Group {group.Index} is made anew, for one of its pods restarted", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>False where it was there already: the cache is behind, and will tell.</summary>
    private static async Task<bool> IgnoreExistingAsync<T>(Task<T> creation)
    {
        try
        {
            await creation.ConfigureAwait(false);
            return true;
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists)
        {
            return false;
        }
    }

    private static NamespacedName? SetOf(V1Pod pod) =>
        pod.Metadata.Labels?.GetValueOrDefault(PodGroup.NameLabel) is { } name ? new NamespacedName(pod.Metadata.NamespaceProperty, name) : null;

    private void Enqueue(V1Pod pod)
    {
        if (SetOf(pod) is { } set)
        {
            Queue.Add(set);
        }
    }
}
