using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Nodes;

/// <summary>Deletes pods from nodes whose NoExecute taints they do not tolerate (any more), and for good those whose Node was deleted. Its queue holds pods.</summary>
internal sealed class TaintEvictionController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;
    private readonly TimeSpan quarantine;

    /// <summary>When each Node that was deleted under our eyes went.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> lost = new(StringComparer.Ordinal);

    public TaintEvictionController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeSpan quarantine, TimeProvider time, ILogger logger)
        : base("taint-eviction", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        this.quarantine = quarantine;
        informers.Nodes.AddEventHandler(NodeAdded, NodeUpdated, NodeGone);
        informers.Pods.AddEventHandler(PodBound, (before, pod) =>
        {
            if (before.Spec?.NodeName != pod.Spec?.NodeName)
            {
                PodBound(pod);
            }
        });
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Pods.Lister.Get(key) is not { Spec.NodeName: { Length: > 0 } name } pod)
        {
            return null;
        }

        var now = Time.GetUtcNow();
        if (informers.Nodes.Lister.Get(null, name) is not { } node)
        {
            return lost.TryGetValue(name, out var since) ? await CollectAsync(pod, since, now, cancellationToken).ConfigureAwait(false) : null;
        }

        if (!PodReadiness.IsActive(pod) || NodeTaints.EvictAt(pod, node, now) is not { } at)
        {
            return null;
        }

        if (now < at)
        {
            return at - now;
        }

        await events.NormalAsync(pod, "TaintManagerEviction", $"Marking for deletion Pod {key.Namespace}/{key.Name}", cancellationToken).ConfigureAwait(false);
        await MarkAsync(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", null, now, cancellationToken).ConfigureAwait(false);
        await DeleteAsync(pod, null, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private async Task<TimeSpan?> CollectAsync(V1Pod pod, DateTimeOffset since, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (now - since < quarantine)
        {
            return quarantine - (now - since);
        }

        await MarkAsync(pod, "DeletionByPodGC", "PodGC: node no longer exists", "Failed", now, cancellationToken).ConfigureAwait(false);
        await DeleteAsync(pod, 0, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private async Task MarkAsync(V1Pod pod, string reason, string message, string? phase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var condition = new V1PodCondition { Type = "DisruptionTarget", Status = "True", Reason = reason, Message = message, LastTransitionTime = now };
        var status = new JsonObject { ["conditions"] = new JsonArray(KubernetesJson.ToNode(condition)) };
        if (phase is not null && !PodReadiness.IsFinished(pod))
        {
            status["phase"] = phase;
        }

        var patch = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid }, ["status"] = status };
        await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.StrategicMergePatch), "status", Write, cancellationToken).ConfigureAwait(false);
    }

    private Task DeleteAsync(V1Pod pod, int? grace, CancellationToken cancellationToken) => client.DeleteAsync<V1Pod>(
        pod.Metadata.Name!, pod.Metadata.NamespaceProperty,
        new V1DeleteOptions { GracePeriodSeconds = grace, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken);

    private void PodBound(V1Pod pod)
    {
        if (pod.Spec?.NodeName is { Length: > 0 })
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }

    private void NodeAdded(V1Node node)
    {
        lost.TryRemove(node.Metadata.Name!, out _);
        EnqueuePods(node);
    }

    private void NodeUpdated(V1Node before, V1Node node)
    {
        if (!KubernetesJson.DeepEquals(before.Spec?.Taints, node.Spec?.Taints))
        {
            EnqueuePods(node);
        }
    }

    private void NodeGone(V1Node node)
    {
        lost[node.Metadata.Name!] = Time.GetUtcNow();
        EnqueuePods(node);
    }

    private void EnqueuePods(V1Node node)
    {
        foreach (var pod in informers.Pods.Lister.ByIndex(ClusterInformers.ByNode, node.Metadata.Name!))
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }
}
