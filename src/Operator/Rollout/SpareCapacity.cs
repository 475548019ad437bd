using System.Text.Json;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>
/// Proves that pods find room, from nodes and from what is requested on them. Cautious: pods of others that wait are counted on every node that they fit on,
/// so that whichever of them the scheduler serves first, the room that is left is at least what is said here. Pure.
/// </summary>
internal static class SpareCapacity
{
    public static CapacityProof Prove(CapacityQuestion question)
    {
        var accelerators = question.Accelerator is { } resource ? (long)ResourceAmounts.OfPod(question.Pod).GetValueOrDefault(resource) : 0;
        var proof = new CapacityProof { Wanted = question.Wanted, Slots = 0, Accelerator = question.Accelerator, AcceleratorsNeeded = accelerators * question.Wanted };
        if (question.Cluster.UnknownBecause is { } why)
        {
            return proof with { Unprovable = why };
        }

        if (Unmodelled(question.Pod) is { } constraint)
        {
            return proof with { Unprovable = constraint };
        }

        var nodes = question.Cluster.Nodes.Where(n => IsCandidate(n, question)).Select(n => StateOf(n, question)).Where(n => IsMatching(question.Pod, n)).ToList();
        var rivals = question.Cluster.Waiting.Where(w => nodes.Exists(n => Takes(w, n))).ToList();
        var slots = 0;
        foreach (var node in nodes)
        {
            slots += SlotsOn(rivals.Where(w => Takes(w, node)).Aggregate(node, With), question.Pod, question.Wanted - slots);
            if (slots >= question.Wanted)
            {
                break;
            }
        }

        return proof with
        {
            Slots = slots,
            MatchingNodes = nodes.Count,
            Rivals = rivals.Count,
            AcceleratorsFree = question.Accelerator is { } name
                ? (long)nodes.Sum(n => Math.Max(0, n.Allocatable.GetValueOrDefault(name) - n.Requested.GetValueOrDefault(name)))
                : 0,
        };
    }

    /// <summary>What this module does not count and the scheduler does; null where there is nothing of the kind.</summary>
    private static string? Unmodelled(V1Pod pod)
    {
        foreach (var kind in new[] { "podAffinity", "podAntiAffinity" })
        {
            if (pod.Spec?.Affinity is { ValueKind: JsonValueKind.Object } affinity
                && affinity.TryGetProperty(kind, out var rules)
                && rules.ValueKind == JsonValueKind.Object
                && rules.TryGetProperty("requiredDuringSchedulingIgnoredDuringExecution", out var required)
                && required is { ValueKind: JsonValueKind.Array } && required.GetArrayLength() > 0)
            {
                return $"free room cannot be proven for pods with a required {kind}";
            }
        }

        return pod.Spec?.TopologySpreadConstraints is { ValueKind: JsonValueKind.Array } spread
            && spread.EnumerateArray().Any(s => !s.TryGetProperty("whenUnsatisfiable", out var mode) || mode.GetString() != "ScheduleAnyway")
                ? "free room cannot be proven for pods with a required topology spread"
                : null;
    }

    private static bool IsCandidate(V1Node node, CapacityQuestion question) =>
        node.Metadata.DeletionTimestamp is null
        && node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true
        && question.OnlyNodes?.Contains(node.Metadata.Name!) != false;

    private static NodeState StateOf(V1Node node, CapacityQuestion question) =>
        NodeState.Of(node, [.. question.Cluster.PodsOn(node.Metadata.Name!), .. question.Staying.Where(p => p.Spec?.NodeName == node.Metadata.Name && !ClusterCapacity.IsFinished(p))]);

    /// <summary>The node suits the pod, were it empty: nothing but what others have taken is in the way.</summary>
    private static bool IsMatching(V1Pod pod, NodeState node) =>
        NodeFilter.Reasons(pod, node with { Pods = [], Requested = new Dictionary<string, decimal>() }).Count == 0;

    /// <summary>The waiting pod may be given this node; one for which others are being evicted there, even before there is room.</summary>
    private static bool Takes(V1Pod waiting, NodeState node) =>
        waiting.Status?.NominatedNodeName == node.Name || NodeFilter.Reasons(waiting, node).Count == 0;

    private static int SlotsOn(NodeState node, V1Pod pod, int enough)
    {
        var slots = 0;
        while (slots < enough && NodeFilter.Reasons(pod, node).Count == 0)
        {
            node = With(node, pod);
            slots++;
        }

        return slots;
    }

    private static NodeState With(NodeState node, V1Pod pod)
    {
        var requested = new Dictionary<string, decimal>(node.Requested, StringComparer.Ordinal);
        ResourceAmounts.Add(requested, ResourceAmounts.OfPod(pod));
        return node with { Requested = requested, Pods = [.. node.Pods, pod] };
    }
}
