using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Nodes;

/// <summary>
/// Gives up nodes that are silent for too long: their conditions become Unknown, they are tainted, and their pods are no longer ready. What evicts the pods
/// then is the taint (<see cref="TaintEvictionController"/>).
/// </summary>
internal sealed class NodeLifecycleController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ComponentEvents events;
    private readonly TimeSpan grace;

    /// <summary>When each node's sign of life last changed by our own clock: the node's may be wrong.</summary>
    private readonly ConcurrentDictionary<string, (string Sign, DateTimeOffset SeenAt)> signs = new(StringComparer.Ordinal);

    public NodeLifecycleController(IKubernetesClient client, ClusterInformers informers, ComponentEvents events, TimeSpan grace, TimeProvider time, ILogger logger)
        : base("node-lifecycle", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.events = events;
        this.grace = grace;
        informers.Nodes.AddEventHandler(n => Queue.Add(NamespacedName.Of(n)), (_, n) => Queue.Add(NamespacedName.Of(n)), n => signs.TryRemove(n.Metadata.Name!, out _));
        informers.NodeLeases.AddEventHandler(Beaten, (_, lease) => Beaten(lease));
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Nodes.Lister.Get(key) is not { } node || Ready(node) is not { } ready)
        {
            return null; // Gone, or never heard of yet.
        }

        var now = Time.GetUtcNow();
        var silence = now - LastSign(node, now);
        if (silence >= grace && ready.Status != "Unknown")
        {
            node = await MarkUnknownAsync(node, now, cancellationToken).ConfigureAwait(false);
            await events.NormalAsync(node, "NodeNotReady", $"Node {key.Name} status is now: NodeNotReady", cancellationToken).ConfigureAwait(false);
        }

        var taints = NodeTaints.Wanted(node, now);
        if (!ReferenceEquals(taints, node.Spec?.Taints) && taints.Count + (node.Spec?.Taints?.Count ?? 0) > 0)
        {
            node = await TaintAsync(node, taints, cancellationToken).ConfigureAwait(false);
        }

        if (Ready(node)!.Status != "True")
        {
            foreach (var pod in informers.Pods.Lister.ByIndex(ClusterInformers.ByNode, key.Name))
            {
                await MarkNotReadyAsync(pod, now, cancellationToken).ConfigureAwait(false);
            }
        }

        return silence < grace ? grace - silence : null;
    }

    private static V1NodeCondition? Ready(V1Node node) => node.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready");

    private DateTimeOffset LastSign(V1Node node, DateTimeOffset now)
    {
        var lease = informers.NodeLeases.Lister.Get("kube-node-lease", node.Metadata.Name!)?.Spec?.RenewTime;
        var ready = Ready(node)!;
        var sign = $"{lease?.UtcTicks} {(ready.Status == "Unknown" ? null : ready.LastHeartbeatTime?.UtcTicks)}";
        return signs.AddOrUpdate(node.Metadata.Name!, _ => (sign, now), (_, old) => old.Sign == sign ? old : (sign, now)).SeenAt;
    }

    private Task<V1Node> MarkUnknownAsync(V1Node node, DateTimeOffset now, CancellationToken cancellationToken) => client.UpdateStatusAsync(node with
    {
        Status = node.Status! with
        {
            Conditions =
            [
                .. node.Status.Conditions!.Select(c => c.Status == "Unknown" ? c : c with
                {
                    Status = "Unknown",
                    Reason = "NodeStatusUnknown",
                    Message = "Kubelet stopped posting node status.",
                    LastTransitionTime = now,
                }),
            ],
        },
    }, Write, cancellationToken);

    private Task<V1Node> TaintAsync(V1Node node, IReadOnlyList<V1Taint> taints, CancellationToken cancellationToken)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = node.Metadata.ResourceVersion },
            ["spec"] = new JsonObject { ["taints"] = taints.Count == 0 ? null : new JsonArray([.. taints.Select(t => KubernetesJson.ToNode(t))]) },
        };
        return client.PatchAsync<V1Node>(node.Metadata.Name!, null, new V1Patch(patch, V1PatchType.MergePatch), null, Write, cancellationToken);
    }

    /// <summary>Nobody can say any more that the pod answers.</summary>
    private async Task MarkNotReadyAsync(V1Pod pod, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (PodReadiness.Condition(pod, "Ready") is not { Status: "True" } ready)
        {
            return;
        }

        var condition = KubernetesJson.ToNode(ready with { Status = "False", LastTransitionTime = now, Reason = null, Message = null });
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
        };
        try
        {
            await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.StrategicMergePatch), "status", Write, cancellationToken).ConfigureAwait(false);
            await events.WarningAsync(pod, "NodeNotReady", "Node is not ready", cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // The pod went meanwhile.
        }
    }

    private void Beaten(V1Lease lease)
    {
        if (informers.Nodes.Lister.Get(null, lease.Metadata.Name!) is { } node && Ready(node) is not null)
        {
            LastSign(node, Time.GetUtcNow());
        }
    }
}
