using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.ReplicaSets;

/// <summary>Keeps as many pods as each replica set wants.</summary>
internal sealed class ReplicaSetController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ControllerExpectations expectations;
    private readonly PodControl pods;

    public ReplicaSetController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeProvider time, ILogger logger)
        : base("replicaset", time, logger)
    {
        this.client = client;
        this.informers = informers;
        expectations = new ControllerExpectations(time);
        pods = new PodControl(client, expectations, events);
        informers.ReplicaSets.AddEventHandler(
            set => Queue.Add(NamespacedName.Of(set)),
            (_, set) => Queue.Add(NamespacedName.Of(set)),
            set =>
            {
                expectations.Forget(NamespacedName.Of(set));
                Queue.Add(NamespacedName.Of(set));
            });
        informers.Pods.AddEventHandler(PodAdded, PodUpdated, PodGone);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.ReplicaSets.Lister.Get(key) is not { } set)
        {
            return null;
        }

        var owned = await ClaimAsync(set, cancellationToken).ConfigureAwait(false);
        var active = owned.Where(PodReadiness.IsActive).ToList();
        string? failure = null;
        if (set.Metadata.DeletionTimestamp is null && expectations.Satisfied(key))
        {
            var plan = ReplicaSetPlanner.Plan(set, active);
            if (plan.Create > 0)
            {
                failure = await pods.CreateAsync(key, set, PodOf(set), plan.Create, cancellationToken).ConfigureAwait(false);
            }
            else if (plan.Delete.Count > 0)
            {
                await pods.DeleteAsync(key, set, plan.Delete, cancellationToken).ConfigureAwait(false);
            }
        }

        var status = ReplicaSetPlanner.Status(set, active, Time.GetUtcNow(), failure, out var lookAgain);
        if (!KubernetesJson.DeepEquals(NoZeros(set.Status), NoZeros(status)))
        {
            await client.UpdateStatusAsync(set with { Status = NoZeros(status) }, Write, cancellationToken).ConfigureAwait(false);
        }

        return failure is not null ? TimeSpan.FromSeconds(1) : lookAgain;
    }

    private static V1ReplicaSetStatus? NoZeros(V1ReplicaSetStatus? status) => status is null ? null : status with
    {
        FullyLabeledReplicas = status.FullyLabeledReplicas is 0 ? null : status.FullyLabeledReplicas,
        ReadyReplicas = status.ReadyReplicas is 0 ? null : status.ReadyReplicas,
        AvailableReplicas = status.AvailableReplicas is 0 ? null : status.AvailableReplicas,
        AdditionalProperties = null,
    };

    private static V1Pod PodOf(V1ReplicaSet set) => new()
    {
        Metadata = (set.Spec!.Template?.Metadata ?? new V1ObjectMeta()) with
        {
            Name = null,
            GenerateName = set.Metadata.Name + "-",
            NamespaceProperty = set.Metadata.NamespaceProperty,
            OwnerReferences = [Ownership.ReferenceTo(set, "apps/v1", "ReplicaSet")],
            CreationTimestamp = null,
            AdditionalProperties = null,
        },
        Spec = set.Spec.Template?.Spec,
    };

    /// <summary>The set's pods; orphans that match become its own, unless it is being deleted.</summary>
    private async Task<IReadOnlyList<V1Pod>> ClaimAsync(V1ReplicaSet set, CancellationToken cancellationToken)
    {
        var owned = informers.Pods.Lister.ByIndex(ClusterInformers.ByController, set.Metadata.Uid!).ToList();
        if (set.Metadata.DeletionTimestamp is not null)
        {
            return owned;
        }

        foreach (var pod in informers.Pods.Lister.ByIndex(ClusterInformers.Orphans, set.Metadata.NamespaceProperty!))
        {
            if (PodReadiness.IsActive(pod) && SelectorMatch.Matches(set.Spec?.Selector, pod.Metadata.Labels))
            {
                owned.Add(await Ownership.AdoptAsync(client, pod, Ownership.ReferenceTo(set, "apps/v1", "ReplicaSet"), Write, cancellationToken).ConfigureAwait(false));
            }
        }

        return owned;
    }

    private void PodAdded(V1Pod pod)
    {
        if (OwnerOf(pod) is { } owner)
        {
            if (pod.Metadata.DeletionTimestamp is not null)
            {
                expectations.DeletionObserved(owner, pod.Metadata.Uid!);
            }
            else
            {
                expectations.CreationObserved(owner);
            }

            Queue.Add(owner);
        }
        else if (Ownership.ControllerOf(pod) is null)
        {
            EnqueueMatching(pod);
        }
    }

    private void PodUpdated(V1Pod before, V1Pod pod)
    {
        if (OwnerOf(pod) is { } owner)
        {
            if (pod.Metadata.DeletionTimestamp is not null && before.Metadata.DeletionTimestamp is null)
            {
                expectations.DeletionObserved(owner, pod.Metadata.Uid!);
            }

            Queue.Add(owner);
        }
        else if (Ownership.ControllerOf(pod) is null)
        {
            EnqueueMatching(pod);
        }
    }

    private void PodGone(V1Pod pod)
    {
        if (OwnerOf(pod) is { } owner)
        {
            expectations.DeletionObserved(owner, pod.Metadata.Uid!);
            Queue.Add(owner);
        }
    }

    private void EnqueueMatching(V1Pod pod)
    {
        foreach (var set in informers.ReplicaSets.Lister.List(pod.Metadata.NamespaceProperty))
        {
            if (SelectorMatch.Matches(set.Spec?.Selector, pod.Metadata.Labels))
            {
                Queue.Add(NamespacedName.Of(set));
            }
        }
    }

    private static NamespacedName? OwnerOf(V1Pod pod) =>
        Ownership.ControllerOf(pod) is { Kind: "ReplicaSet" } owner ? new NamespacedName(pod.Metadata.NamespaceProperty, owner.Name) : null;
}
