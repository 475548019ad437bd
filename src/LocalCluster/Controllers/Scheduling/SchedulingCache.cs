using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>
/// What every node has left, kept up to date pod by pod, so that a decision costs a look at the nodes and none at the other pods. A pod that was given a
/// node counts at once, though the informer still shows it without: otherwise its resources would be given twice. Thread-safe.
/// </summary>
internal sealed class SchedulingCache
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, V1Node> nodes = new(StringComparer.Ordinal);

    /// <summary>By node name; also of names that are no node (yet, or any more), whose pods still count when one comes.</summary>
    private readonly Dictionary<string, NodeState> states = new(StringComparer.Ordinal);

    /// <summary>Node of each placed pod, by the pod's uid.</summary>
    private readonly Dictionary<string, string> places = new(StringComparer.Ordinal);

    private readonly HashSet<string> assumed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, V1Pod> waiting = new(StringComparer.Ordinal);

    /// <summary>
    /// The node that was given to the pod and is not confirmed yet; otherwise decides by <paramref name="decide"/> under the lock, so that each decision sees the last.
    /// </summary>
    public SchedulingDecision Place(V1Pod pod, Func<IReadOnlyList<NodeState>, SchedulingDecision> decide)
    {
        lock (gate)
        {
            if (assumed.Contains(pod.Metadata.Uid!))
            {
                return new SchedulingDecision(places[pod.Metadata.Uid!], null);
            }

            var decision = decide([.. nodes.Values.Where(CanBeNamed).Select(n => states[n.Metadata.Name!])]);
            if (decision.NodeName is { } node)
            {
                Put(pod, node);
                assumed.Add(pod.Metadata.Uid!);
            }

            return decision;
        }
    }

    /// <summary>The binding was refused: the node's room is free again.</summary>
    public void Forget(string uid)
    {
        lock (gate)
        {
            if (assumed.Remove(uid))
            {
                Take(uid);
            }
        }
    }

    /// <summary>A pod as the informer shows it.</summary>
    /// <returns>True where room on a node was freed.</returns>
    public bool Observe(V1Pod pod, bool isWaiting)
    {
        lock (gate)
        {
            var uid = pod.Metadata.Uid!;
            if (isWaiting)
            {
                waiting[uid] = pod;
                return false;
            }

            waiting.Remove(uid);
            var node = PodReadiness.IsFinished(pod) ? null : pod.Spec?.NodeName;
            if (string.IsNullOrEmpty(node))
            {
                assumed.Remove(uid);
                return Take(uid);
            }

            assumed.Remove(uid);
            if (!places.TryGetValue(uid, out var known) || known != node)
            {
                Take(uid);
                Put(pod, node);
            }

            return false;
        }
    }

    /// <returns>True where room on a node was freed.</returns>
    public bool Remove(V1Pod pod)
    {
        lock (gate)
        {
            waiting.Remove(pod.Metadata.Uid!);
            assumed.Remove(pod.Metadata.Uid!);
            return Take(pod.Metadata.Uid!);
        }
    }

    public void Set(V1Node node)
    {
        lock (gate)
        {
            nodes[node.Metadata.Name!] = node;
            states[node.Metadata.Name!] = states.TryGetValue(node.Metadata.Name!, out var state)
                ? state with { Node = node, Allocatable = ResourceAmounts.Parse(node.Status?.Allocatable ?? node.Status?.Capacity) }
                : NodeState.Of(node, []);
        }
    }

    public void Remove(V1Node node)
    {
        lock (gate)
        {
            nodes.Remove(node.Metadata.Name!);
        }
    }

    /// <summary>By priority, then by age.</summary>
    public IReadOnlyList<V1Pod> Waiting()
    {
        lock (gate)
        {
            return [.. waiting.Values.OrderByDescending(p => p.Spec?.Priority ?? 0).ThenBy(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)];
        }
    }

    // A node that was never ready says nothing about itself yet; one that was carries a taint, which the sentence then names.
    private static bool CanBeNamed(V1Node node) =>
        node.Metadata.DeletionTimestamp is null
        && (node.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true
            || node.Spec?.Taints?.Any(t => t.Key is "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable") == true);

    private void Put(V1Pod pod, string node)
    {
        places[pod.Metadata.Uid!] = node;
        var state = states.TryGetValue(node, out var known) ? known : NodeState.Of(new V1Node { Metadata = new V1ObjectMeta { Name = node } }, []);
        states[node] = state.With(PodDemand.Of(pod));
    }

    private bool Take(string uid)
    {
        if (!places.Remove(uid, out var node))
        {
            return false;
        }

        var left = states[node].Without(uid);
        if (left.Pods.Count == 0 && !nodes.ContainsKey(node))
        {
            states.Remove(node);
        }
        else
        {
            states[node] = left;
        }

        return true;
    }
}
