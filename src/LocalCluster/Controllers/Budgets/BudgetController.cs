using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.LeaderWorkerSets;

namespace Octavo.LocalCluster.Controllers.Budgets;

/// <summary>Keeps in every PodDisruptionBudget's status how many of its pods may be evicted now.</summary>
internal sealed class BudgetController : QueueController
{
    private const string GroupKind = "LeaderWorkerSet";

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;

    public BudgetController(IKubernetesClient client, ClusterInformers informers, TimeProvider time, ILogger logger)
        : base("disruption", time, logger)
    {
        this.client = client;
        this.informers = informers;
        informers.Budgets.AddEventHandler(b => Queue.Add(NamespacedName.Of(b)), (_, b) => Queue.Add(NamespacedName.Of(b)));
        informers.Pods.AddEventHandler(Enqueue, (before, pod) =>
        {
            Enqueue(pod);
            if (!KubernetesJson.DeepEquals(before.Metadata.Labels, pod.Metadata.Labels))
            {
                Enqueue(before);
            }
        }, Enqueue);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Budgets.Lister.Get(key) is not { Metadata.DeletionTimestamp: null } budget)
        {
            return null;
        }

        var pods = informers.PodsWith(key.Namespace, budget.Spec?.Selector?.MatchLabels ?? new Dictionary<string, string>()).Where(p => SelectorMatch.Matches(budget.Spec?.Selector, p.Metadata.Labels)).ToList();
        var now = Time.GetUtcNow();
        var status = await StatusAsync(budget, pods, now, cancellationToken).ConfigureAwait(false);
        if (!KubernetesJson.DeepEquals(budget.Status is null ? null : budget.Status with { AdditionalProperties = null }, status))
        {
            await client.UpdateStatusAsync(budget with { Status = status }, Write, cancellationToken).ConfigureAwait(false);
        }

        return status.DisruptedPods is { Count: > 0 } waiting ? waiting.Values.Min() + BudgetPlanner.DeletionTimeout - now : null;
    }

    private async Task<DisruptionBudgetStatus> StatusAsync(DisruptionBudget budget, List<V1Pod> pods, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!BudgetPlanner.NeedsExpected(budget))
        {
            return BudgetPlanner.Plan(budget, pods, 0, now);
        }

        var expected = 0;
        var counted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (await ScaleAsync(pod, cancellationToken).ConfigureAwait(false) is not { } scale)
            {
                return BudgetPlanner.Failed(budget, $"found no controller ref for pod \"{pod.Metadata.Name}\"", now);
            }

            expected += counted.Add(scale.Uid) ? scale.Replicas : 0;
        }

        return BudgetPlanner.Plan(budget, pods, expected, now);
    }

    /// <summary>What decides how many pods of this one's sort there are, and how many it wants; null where nothing does.</summary>
    private async Task<(string Uid, int Replicas)?> ScaleAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        if (Ownership.ControllerOf(pod) is not { } owner)
        {
            return null;
        }

        if (owner.Kind == "ReplicaSet" && informers.ReplicaSets.Lister.Get(pod.Metadata.NamespaceProperty, owner.Name) is { } set)
        {
            return Ownership.ControllerOf(set) is { Kind: "Deployment" } above && informers.Deployments.Lister.Get(pod.Metadata.NamespaceProperty, above.Name) is { } deployment
                ? (above.Uid, deployment.Spec?.Replicas ?? 1)
                : (owner.Uid, set.Spec?.Replicas ?? 1);
        }

        if (owner.Kind is GroupKind or "Pod")
        {
            return await GroupsAsync(pod, cancellationToken).ConfigureAwait(false);
        }

        var kind = (await DiscoveredResource.ReadAllAsync(client, cancellationToken).ConfigureAwait(false)).FirstOrDefault(r => r.Kind == owner.Kind && r.GroupVersion == owner.ApiVersion);
        if (kind is null)
        {
            return null;
        }

        try
        {
            var path = ResourcePath.For(kind.GroupVersion, kind.Plural, pod.Metadata.NamespaceProperty, owner.Name) + "/scale";
            var scale = await client.SendAsync(HttpMethod.Get, path, null, null, cancellationToken).ConfigureAwait(false);
            return (owner.Uid, (scale?["spec"]?["replicas"] as JsonValue)?.GetValue<int>() ?? 0);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null; // Gone, or a kind without a scale.
        }
    }

    /// <summary>Pods of a group hang on its set and on their leader here; in a real cluster on StatefulSets, whose replicas add up to the same.</summary>
    private async Task<(string Uid, int Replicas)?> GroupsAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var leader = Ownership.ControllerOf(pod) is { Kind: "Pod" } above ? informers.Pods.Lister.Get(pod.Metadata.NamespaceProperty, above.Name) : pod;
        return leader is not null && Ownership.ControllerOf(leader) is { Kind: GroupKind } owner
            && await client.FindAsync<LeaderWorkerSet>(owner.Name, pod.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false) is { } set
            ? (owner.Uid, (set.Spec?.Replicas ?? 1) * (set.Spec?.LeaderWorkerTemplate?.Size ?? 1))
            : null;
    }

    private void Enqueue(V1Pod pod)
    {
        foreach (var budget in informers.Budgets.Lister.List(pod.Metadata.NamespaceProperty))
        {
            if (SelectorMatch.Matches(budget.Spec?.Selector, pod.Metadata.Labels))
            {
                Queue.Add(NamespacedName.Of(budget));
            }
        }
    }
}
