using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>Turns deployments into replica sets and moves pods from the old ones to the new.</summary>
internal sealed class DeploymentController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;

    public DeploymentController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeProvider time, ILogger logger)
        : base("deployment", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        informers.Deployments.AddEventHandler(d => Queue.Add(NamespacedName.Of(d)), (_, d) => Queue.Add(NamespacedName.Of(d)), d => Queue.Add(NamespacedName.Of(d)));
        informers.ReplicaSets.AddEventHandler(EnqueueOwner, (_, set) => EnqueueOwner(set), EnqueueOwner);

        // A recreation waits for the last old pod.
        informers.Pods.AddEventHandler(onDelete: EnqueueOwnerOfOwner);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Deployments.Lister.Get(key) is not { } deployment)
        {
            return null;
        }

        var view = DeploymentView.Of(deployment, await ClaimAsync(deployment, cancellationToken).ConfigureAwait(false));
        string? created = null;
        if (deployment.Metadata.DeletionTimestamp is null)
        {
            var oldPodsRemain = OldPodsRemain(view);
            (view, created) = await SyncNewReplicaSetAsync(view, oldPodsRemain, cancellationToken).ConfigureAwait(false);
            foreach (var scale in DeploymentPlanner.Plan(view, oldPodsRemain))
            {
                var scaled = await ScaleAsync(view, scale, cancellationToken).ConfigureAwait(false);
                view = DeploymentView.Of(view.Deployment, view.All.Select(s => s.Metadata.Uid == scaled.Metadata.Uid ? scaled : s));
            }

            if (DeploymentStatusBuilder.IsComplete(deployment, deployment.Status ?? new V1DeploymentStatus()))
            {
                foreach (var expired in DeploymentPlanner.Expired(view))
                {
                    await client.DeleteAsync<V1ReplicaSet>(expired.Metadata.Name!, key.Namespace, new V1DeleteOptions { PropagationPolicy = "Background" }, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        var now = Time.GetUtcNow();
        var status = DeploymentStatusBuilder.Build(view, now, created);
        if (!KubernetesJson.DeepEquals(deployment.Status is null ? null : deployment.Status with { AdditionalProperties = null }, status))
        {
            await client.UpdateStatusAsync(view.Deployment with { Status = status }, Write, cancellationToken).ConfigureAwait(false);
        }

        return DeploymentStatusBuilder.UntilDeadline(deployment, status, now);
    }

    private bool OldPodsRemain(DeploymentView view) => view.Old.Any(o =>
        informers.Pods.Lister.ByIndex(ClusterInformers.ByController, o.Metadata.Uid!).Any(p => !PodReadiness.IsFinished(p)));

    /// <summary>The replica set of the deployment's template, made where it is missing and with its revision noted on both.</summary>
    private async Task<(DeploymentView View, string? Created)> SyncNewReplicaSetAsync(DeploymentView view, bool oldPodsRemain, CancellationToken cancellationToken)
    {
        string? created = null;
        var revision = view.NewRevision;
        V1ReplicaSet current;
        if (view.New is { } existing)
        {
            revision = Math.Max(revision, DeploymentAnnotations.Number(existing, DeploymentAnnotations.Revision));
            current = existing;
            var annotations = DeploymentAnnotations.ForReplicaSet(view.Deployment, existing.Metadata.Annotations, revision, view.MaxReplicas);

            // The size's annotations belong to scaling: changing them here would hide a scaling event.
            foreach (var name in new[] { DeploymentAnnotations.DesiredReplicas, DeploymentAnnotations.MaxReplicas })
            {
                if (existing.Metadata.Annotations?.GetValueOrDefault(name) is { } value)
                {
                    annotations[name] = value;
                }
            }

            if (!Same(annotations, existing.Metadata.Annotations) || existing.Spec?.MinReadySeconds != view.Deployment.Spec?.MinReadySeconds)
            {
                current = await client.UpdateAsync(
                    existing with
                    {
                        Metadata = existing.Metadata with { Annotations = annotations },
                        Spec = existing.Spec! with { MinReadySeconds = view.Deployment.Spec?.MinReadySeconds },
                    }, Write, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (view.Deployment.Spec?.Paused == true)
        {
            return (view, null);
        }
        else
        {
            current = await CreateAsync(view, revision, oldPodsRemain, cancellationToken).ConfigureAwait(false);
            created = current.Metadata.Name;
        }

        var deployment = view.Deployment;
        var text = revision.ToString(CultureInfo.InvariantCulture);
        if (deployment.Metadata.Annotations?.GetValueOrDefault(DeploymentAnnotations.Revision) != text)
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [DeploymentAnnotations.Revision] = text } } };
            deployment = await client.PatchAsync<V1Deployment>(deployment.Metadata.Name!, deployment.Metadata.NamespaceProperty,
                new V1Patch(patch, V1PatchType.MergePatch), null, Write, cancellationToken).ConfigureAwait(false);
        }

        return (new DeploymentView(deployment, current, view.Old), created);
    }

    private async Task<V1ReplicaSet> CreateAsync(DeploymentView view, int revision, bool oldPodsRemain, CancellationToken cancellationToken)
    {
        var deployment = view.Deployment;
        var template = deployment.Spec!.Template!;
        var hash = PodTemplateHash.Compute(template, deployment.Status?.CollisionCount ?? 0);
        var size = DeploymentPlanner.InitialSize(view, oldPodsRemain);
        var set = new V1ReplicaSet
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{deployment.Metadata.Name}-{hash}",
                NamespaceProperty = deployment.Metadata.NamespaceProperty,
                Labels = WithHash(template.Metadata?.Labels, hash),
                Annotations = DeploymentAnnotations.ForReplicaSet(deployment, null, revision, view.MaxReplicas),
                OwnerReferences = [Ownership.ReferenceTo(deployment, "apps/v1", "Deployment")],
            },
            Spec = new V1ReplicaSetSpec
            {
                Replicas = size,
                MinReadySeconds = deployment.Spec.MinReadySeconds,
                Selector = (deployment.Spec.Selector ?? new V1LabelSelector()) with { MatchLabels = WithHash(deployment.Spec.Selector?.MatchLabels, hash) },
                Template = template with { Metadata = (template.Metadata ?? new V1ObjectMeta()) with { Labels = WithHash(template.Metadata?.Labels, hash) } },
            },
        };
        try
        {
            var created = await client.CreateAsync(set, Write, cancellationToken).ConfigureAwait(false);
            if (size > 0)
            {
                await events.NormalAsync(deployment, "ScalingReplicaSet", $"Scaled up replica set {created.Metadata.Name} from 0 to {size}", cancellationToken).ConfigureAwait(false);
            }

            return created;
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists)
        {
            // Ours, which the cache has not shown yet, or one of another template with the same hash: then the next attempt takes another name.
            var existing = await client.GetAsync<V1ReplicaSet>(set.Metadata.Name!, set.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            if (Ownership.IsControlledBy(existing, deployment) && PodTemplateHash.AreEqual(existing.Spec?.Template, template))
            {
                return existing;
            }

            var status = (deployment.Status ?? new V1DeploymentStatus()) with { CollisionCount = (deployment.Status?.CollisionCount ?? 0) + 1 };
            await client.UpdateStatusAsync(deployment with { Status = status }, Write, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<V1ReplicaSet> ScaleAsync(DeploymentView view, ReplicaSetScale scale, CancellationToken cancellationToken)
    {
        var before = DeploymentView.SizeOf(scale.Set);
        var scaled = await client.UpdateAsync(
            scale.Set with
            {
                Metadata = scale.Set.Metadata with { Annotations = DeploymentAnnotations.ForReplicaSet(view.Deployment, scale.Set.Metadata.Annotations, null, view.MaxReplicas) },
                Spec = scale.Set.Spec! with { Replicas = scale.Size },
            }, Write, cancellationToken).ConfigureAwait(false);
        if (before != scale.Size)
        {
            await events.NormalAsync(view.Deployment, "ScalingReplicaSet",
                $"Scaled {(scale.Size > before ? "up" : "down")} replica set {scale.Set.Metadata.Name} from {before} to {scale.Size}", cancellationToken).ConfigureAwait(false);
        }

        return scaled;
    }

    private async Task<IReadOnlyList<V1ReplicaSet>> ClaimAsync(V1Deployment deployment, CancellationToken cancellationToken)
    {
        var owned = informers.ReplicaSets.Lister.ByIndex(ClusterInformers.ByController, deployment.Metadata.Uid!).ToList();
        if (deployment.Metadata.DeletionTimestamp is not null)
        {
            return owned;
        }

        foreach (var set in informers.ReplicaSets.Lister.List(deployment.Metadata.NamespaceProperty))
        {
            if (Ownership.ControllerOf(set) is null && set.Metadata.DeletionTimestamp is null && SelectorMatch.Matches(deployment.Spec?.Selector, set.Metadata.Labels))
            {
                owned.Add(await Ownership.AdoptAsync(client, set, Ownership.ReferenceTo(deployment, "apps/v1", "Deployment"), Write, cancellationToken).ConfigureAwait(false));
            }
        }

        return owned;
    }

    private static Dictionary<string, string> WithHash(IReadOnlyDictionary<string, string>? labels, string hash) =>
        new(labels ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [PodTemplateHash.Label] = hash };

    private static bool Same(Dictionary<string, string> first, IReadOnlyDictionary<string, string>? second) =>
        second is not null && first.Count == second.Count && first.All(e => second.TryGetValue(e.Key, out var value) && value == e.Value);

    private void EnqueueOwner(V1ReplicaSet set)
    {
        if (Ownership.ControllerOf(set) is { Kind: "Deployment" } owner)
        {
            Queue.Add(new NamespacedName(set.Metadata.NamespaceProperty, owner.Name));
        }
    }

    private void EnqueueOwnerOfOwner(V1Pod pod)
    {
        if (Ownership.ControllerOf(pod) is { Kind: "ReplicaSet" } owner && informers.ReplicaSets.Lister.Get(pod.Metadata.NamespaceProperty, owner.Name) is { } set)
        {
            EnqueueOwner(set);
        }
    }
}
