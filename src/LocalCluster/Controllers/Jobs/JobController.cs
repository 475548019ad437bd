using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>Runs jobs to completion. Indexed jobs are refused with an event.</summary>
internal sealed class JobController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;
    private readonly ControllerExpectations expectations;
    private readonly PodControl pods;
    private readonly TimeSpan failureBackOff;

    public JobController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeSpan failureBackOff, TimeProvider time, ILogger logger)
        : base("job", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        this.failureBackOff = failureBackOff;
        expectations = new ControllerExpectations(time);
        pods = new PodControl(client, expectations, events);
        informers.Jobs.AddEventHandler(j => Queue.Add(NamespacedName.Of(j)), (_, j) => Queue.Add(NamespacedName.Of(j)), JobGone);
        informers.Pods.AddEventHandler(PodAdded, PodUpdated, PodGone);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Jobs.Lister.Get(key) is not { } job)
        {
            await ReleaseOrphansAsync(key, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (job.Spec?.CompletionMode == "Indexed")
        {
            await events.WarningAsync(job, "Unsupported", "this cluster runs jobs with completionMode NonIndexed only", cancellationToken).ConfigureAwait(false);
            return null;
        }

        var owned = informers.Pods.Lister.ByIndex(ClusterInformers.ByController, job.Metadata.Uid!);
        if (job.Metadata.DeletionTimestamp is not null)
        {
            await ReleaseAsync(owned, cancellationToken).ConfigureAwait(false);
            return null;
        }

        var plan = JobPlanner.Plan(job, owned, expectations.Satisfied(key), failureBackOff, Time.GetUtcNow());
        if (plan.Expired)
        {
            await client.DeleteAsync<V1Job>(key.Name, key.Namespace, new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = new V1Preconditions { Uid = job.Metadata.Uid } }, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!KubernetesJson.DeepEquals(job.Status, plan.Status))
        {
            await client.UpdateStatusAsync(job with { Status = plan.Status }, Write, cancellationToken).ConfigureAwait(false);
            await AnnounceAsync(job, plan.Status, cancellationToken).ConfigureAwait(false);
        }

        await ReleaseAsync(plan.Release, cancellationToken).ConfigureAwait(false);
        if (plan.Delete.Count > 0)
        {
            await pods.DeleteAsync(key, job, plan.Delete, cancellationToken).ConfigureAwait(false);
            await ReleaseAsync(plan.Delete, cancellationToken).ConfigureAwait(false);
        }

        if (plan.Create > 0 && await pods.CreateAsync(key, job, PodOf(job), plan.Create, cancellationToken).ConfigureAwait(false) is not null)
        {
            return TimeSpan.FromSeconds(1);
        }

        return plan.LookAgain;
    }

    private static V1Pod PodOf(V1Job job) => new()
    {
        Metadata = (job.Spec!.Template?.Metadata ?? new V1ObjectMeta()) with
        {
            Name = null,
            GenerateName = job.Metadata.Name + "-",
            NamespaceProperty = job.Metadata.NamespaceProperty,
            OwnerReferences = [Ownership.ReferenceTo(job, "batch/v1", "Job")],
            Finalizers = [JobPlanner.TrackingFinalizer],
            CreationTimestamp = null,
            AdditionalProperties = null,
        },
        Spec = job.Spec.Template?.Spec,
    };

    private async Task AnnounceAsync(V1Job job, V1JobStatus status, CancellationToken cancellationToken)
    {
        foreach (var condition in (status.Conditions ?? []).Where(c => c.Status == "True" && job.Status?.Conditions?.Any(b => b.Type == c.Type && b.Status == c.Status) != true))
        {
            switch (condition.Type)
            {
                case "Complete":
                    await events.NormalAsync(job, "Completed", "Job completed", cancellationToken).ConfigureAwait(false);
                    break;
                case "Failed":
                    await events.WarningAsync(job, condition.Reason ?? "Failed", condition.Message ?? "", cancellationToken).ConfigureAwait(false);
                    break;
                case "Suspended":
                    await events.NormalAsync(job, "Suspended", "Job suspended", cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
    }

    private Task ReleaseOrphansAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        expectations.Forget(key);
        return ReleaseAsync([.. informers.Pods.Lister.List(key.Namespace).Where(p => Ownership.ControllerOf(p) is { Kind: "Job" } owner && owner.Name == key.Name)], cancellationToken);
    }

    /// <summary>Takes the tracking finalizer off.</summary>
    private async Task ReleaseAsync(IReadOnlyList<V1Pod> released, CancellationToken cancellationToken)
    {
        foreach (var pod in released)
        {
            if (pod.Metadata.Finalizers?.Contains(JobPlanner.TrackingFinalizer, StringComparer.Ordinal) != true)
            {
                continue;
            }

            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["uid"] = pod.Metadata.Uid,
                    ["$deleteFromPrimitiveList/finalizers"] = new JsonArray(JobPlanner.TrackingFinalizer),
                },
            };
            try
            {
                await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.StrategicMergePatch), null, Write, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException exception) when (exception.IsNotFound)
            {
                // It went on its own.
            }
        }
    }

    private static NamespacedName? OwnerOf(V1Pod pod) =>
        Ownership.ControllerOf(pod) is { Kind: "Job" } owner ? new NamespacedName(pod.Metadata.NamespaceProperty, owner.Name) : null;

    private void JobGone(V1Job job)
    {
        expectations.Forget(NamespacedName.Of(job));
        Queue.Add(NamespacedName.Of(job));
    }

    private void PodAdded(V1Pod pod)
    {
        if (OwnerOf(pod) is { } owner)
        {
            expectations.CreationObserved(owner);
            Queue.Add(owner);
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
    }

    private void PodGone(V1Pod pod)
    {
        if (OwnerOf(pod) is { } owner)
        {
            expectations.DeletionObserved(owner, pod.Metadata.Uid!);
            Queue.Add(owner);
        }
    }
}
