using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>
/// Binds pods of the default scheduler to nodes. Decisions are made one after the other, bindings several at once. A pod that fits nowhere waits until
/// something changes that could help it; nobody is evicted for it.
/// </summary>
internal sealed class SchedulerController : QueueController
{
    private const string SchedulerName = "default-scheduler";
    private static readonly WriteOptions SchedulerWrite = new() { FieldManager = "kube-scheduler" };

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;
    private readonly SchedulingCache cache = new();

    public SchedulerController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeProvider time, ILogger logger)
        : base("scheduler", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        informers.Nodes.AddEventHandler(NodeChanged, NodeUpdated, cache.Remove);
        informers.Pods.AddEventHandler(PodChanged, PodUpdated, PodGone);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Pods.Lister.Get(key) is not { } pod || !IsWaiting(pod))
        {
            return null;
        }

        if (pod.Spec?.SchedulingGates is { Count: > 0 })
        {
            await SetUnscheduledAsync(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", cancellationToken).ConfigureAwait(false);
            return null;
        }

        var decision = cache.Place(pod, nodes => SchedulingPlanner.Decide(pod, nodes));
        if (decision.NodeName is { } node)
        {
            await BindAsync(pod, node, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (await SetUnscheduledAsync(pod, "Unschedulable", decision.Message!, cancellationToken).ConfigureAwait(false))
        {
            await events.WarningAsync(pod, "FailedScheduling", decision.Message!, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private static bool IsWaiting(V1Pod pod) =>
        string.IsNullOrEmpty(pod.Spec?.NodeName) && PodReadiness.IsActive(pod) && (pod.Spec?.SchedulerName ?? SchedulerName) == SchedulerName;

    private async Task BindAsync(V1Pod pod, string node, CancellationToken cancellationToken)
    {
        var binding = new V1Binding
        {
            Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
            Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
        };
        try
        {
            await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Name}/binding?fieldManager=kube-scheduler",
                KubernetesJson.ToNode(binding), null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or bound by somebody: the informer tells which. Anything else leaves open whether the server has done it, and the node stays taken:
            // the next try asks for the same one.
            await CheckAsync(pod, cancellationToken).ConfigureAwait(false);
            return;
        }

        await events.NormalAsync(pod, "Scheduled", $"Successfully assigned {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name} to {node}", cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var live = await client.FindAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
        if (live?.Metadata.Uid == pod.Metadata.Uid && !string.IsNullOrEmpty(live!.Spec?.NodeName))
        {
            cache.Observe(live, isWaiting: false);
            return;
        }

        cache.Forget(pod.Metadata.Uid!);
        Queue.AddRateLimited(NamespacedName.Of(pod));
    }

    /// <summary>False where the condition says so already.</summary>
    private async Task<bool> SetUnscheduledAsync(V1Pod pod, string reason, string message, CancellationToken cancellationToken)
    {
        var before = PodReadiness.Condition(pod, "PodScheduled");
        if (before is { Status: "False" } && before.Reason == reason && before.Message == message)
        {
            return false;
        }

        var condition = new V1PodCondition
        {
            Type = "PodScheduled",
            Status = "False",
            Reason = reason,
            Message = message,
            LastTransitionTime = before is { Status: "False" } ? before.LastTransitionTime : Time.GetUtcNow(),
            ObservedGeneration = pod.Metadata.Generation,
        };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(KubernetesJson.ToNode(condition)) },
        };
        await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.StrategicMergePatch), "status", SchedulerWrite, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void PodChanged(V1Pod pod)
    {
        var isWaiting = IsWaiting(pod);
        if (cache.Observe(pod, isWaiting))
        {
            EnqueueWaiting();
        }

        if (isWaiting)
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }

    private void PodUpdated(V1Pod before, V1Pod pod)
    {
        if (!IsWaiting(pod) || before.Metadata.Generation != pod.Metadata.Generation)
        {
            PodChanged(pod);
        }
        else
        {
            // Our own words about the pod are no news to us.
            cache.Observe(pod, isWaiting: true);
        }
    }

    private void PodGone(V1Pod pod)
    {
        if (cache.Remove(pod))
        {
            EnqueueWaiting();
        }
    }

    private void NodeChanged(V1Node node)
    {
        cache.Set(node);
        EnqueueWaiting();
    }

    private void NodeUpdated(V1Node before, V1Node node)
    {
        cache.Set(node);

        // Heartbeats come all the time; what can help a waiting pod is more room, other labels or taints, or readiness.
        if (!KubernetesJson.DeepEquals(before.Spec, node.Spec)
            || !KubernetesJson.DeepEquals(before.Metadata.Labels, node.Metadata.Labels)
            || !KubernetesJson.DeepEquals(before.Status?.Allocatable, node.Status?.Allocatable)
            || !KubernetesJson.DeepEquals(before.Status?.Conditions?.Select(c => c.Type + c.Status), node.Status?.Conditions?.Select(c => c.Type + c.Status)))
        {
            EnqueueWaiting();
        }
    }

    private void EnqueueWaiting()
    {
        foreach (var pod in cache.Waiting())
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }
}
