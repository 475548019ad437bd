using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>
/// Binds pods of the default scheduler to nodes, one at a time. A pod that fits nowhere waits until something changes that could help it; nobody is
/// evicted for it.
/// </summary>
internal sealed class SchedulerController : QueueController
{
    private const string SchedulerName = "default-scheduler";
    private static readonly WriteOptions SchedulerWrite = new() { FieldManager = "kube-scheduler" };

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;

    /// <summary>Pods bound by us that the cache still shows without a node; without them their resources would be given twice.</summary>
    private readonly ConcurrentDictionary<string, (V1Pod Pod, string Node)> assumed = new(StringComparer.Ordinal);

    public SchedulerController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeProvider time, ILogger logger)
        : base("scheduler", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        informers.Pods.AddEventHandler(PodChanged, (before, pod) => PodUpdated(before, pod), PodGone);
        informers.Nodes.AddEventHandler(_ => EnqueueWaiting(), (before, node) => NodeUpdated(before, node), null);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Pods.Lister.Get(key) is not { } pod || !IsWaiting(pod) || assumed.ContainsKey(pod.Metadata.Uid!))
        {
            return null;
        }

        if (pod.Spec?.SchedulingGates is { Count: > 0 })
        {
            await SetUnscheduledAsync(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", cancellationToken).ConfigureAwait(false);
            return null;
        }

        var decision = SchedulingPlanner.Decide(pod, Nodes());
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

    private List<NodeState> Nodes()
    {
        var placed = informers.Pods.Lister.List().Where(p => !PodReadiness.IsFinished(p)).ToList();
        var byNode = placed.Where(p => !string.IsNullOrEmpty(p.Spec?.NodeName)).ToLookup(p => p.Spec!.NodeName!, StringComparer.Ordinal);
        var assumedByNode = assumed.Values.ToLookup(a => a.Node, a => a.Pod, StringComparer.Ordinal);
        return
        [
            .. informers.Nodes.Lister.List()
                .Where(n => n.Metadata.DeletionTimestamp is null && n.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true)
                .OrderBy(n => n.Metadata.Name, StringComparer.Ordinal)
                .Select(n => NodeState.Of(n, [.. byNode[n.Metadata.Name!].Concat(assumedByNode[n.Metadata.Name!]).DistinctBy(p => p.Metadata.Uid)])),
        ];
    }

    private async Task BindAsync(V1Pod pod, string node, CancellationToken cancellationToken)
    {
        assumed[pod.Metadata.Uid!] = (pod, node);
        try
        {
            var binding = new V1Binding
            {
                Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
                Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
            };
            await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Name}/binding?fieldManager=kube-scheduler",
                KubernetesJson.ToNode(binding), null, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            assumed.TryRemove(pod.Metadata.Uid!, out _);
            throw;
        }

        await events.NormalAsync(pod, "Scheduled", $"Successfully assigned {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name} to {node}", cancellationToken).ConfigureAwait(false);
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
        if (IsWaiting(pod))
        {
            Queue.Add(NamespacedName.Of(pod));
        }
        else
        {
            assumed.TryRemove(pod.Metadata.Uid!, out _);
        }
    }

    private void PodUpdated(V1Pod before, V1Pod pod)
    {
        // Our own words about the pod are no news to us.
        if (!IsWaiting(pod) || before.Metadata.Generation != pod.Metadata.Generation)
        {
            PodChanged(pod);
        }

        if (PodReadiness.IsFinished(pod) && !PodReadiness.IsFinished(before))
        {
            EnqueueWaiting();
        }
    }

    private void PodGone(V1Pod pod)
    {
        assumed.TryRemove(pod.Metadata.Uid!, out _);
        EnqueueWaiting();
    }

    private void NodeUpdated(V1Node before, V1Node node)
    {
        // Heartbeats come all the time; what can help a waiting pod is more room, other labels or taints, or readiness.
        if (!KubernetesJson.DeepEquals(before.Spec, node.Spec)
            || !KubernetesJson.DeepEquals(before.Metadata.Labels, node.Metadata.Labels)
            || !KubernetesJson.DeepEquals(before.Status?.Allocatable, node.Status?.Allocatable)
            || !KubernetesJson.DeepEquals(before.Status?.Conditions?.Select(c => c.Type + c.Status), node.Status?.Conditions?.Select(c => c.Type + c.Status)))
        {
            EnqueueWaiting();
        }
    }

    /// <summary>By priority, then by age.</summary>
    private void EnqueueWaiting()
    {
        foreach (var pod in informers.Pods.Lister.List().Where(IsWaiting).OrderByDescending(p => p.Spec?.Priority ?? 0).ThenBy(p => p.Metadata.CreationTimestamp))
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }
}
