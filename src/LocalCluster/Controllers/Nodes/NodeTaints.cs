using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Nodes;

/// <summary>The taints that follow from a node's conditions. Pure.</summary>
internal static class NodeTaints
{
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    public const string Unschedulable = "node.kubernetes.io/unschedulable";

    /// <summary>The taints that the node should have, with those of others; the same list where nothing is to be changed.</summary>
    public static IReadOnlyList<V1Taint> Wanted(V1Node node, DateTimeOffset now)
    {
        var current = node.Spec?.Taints ?? [];
        var wanted = Of(node).ToList();
        var kept = current.Where(t => !IsOurs(t) || wanted.Any(w => Same(w, t))).ToList();
        var missing = wanted.Where(w => !current.Any(t => Same(w, t))).Select(w => w.Effect == "NoExecute" ? w with { TimeAdded = now } : w).ToList();
        return missing.Count == 0 && kept.Count == current.Count ? current : [.. kept, .. missing];
    }

    /// <summary>How long the pod may stay under the node's NoExecute taints: null for ever, zero not at all. From the moment that each taint came.</summary>
    public static DateTimeOffset? EvictAt(V1Pod pod, V1Node node, DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        foreach (var taint in (node.Spec?.Taints ?? []).Where(t => t.Effect == "NoExecute"))
        {
            var tolerations = (pod.Spec?.Tolerations ?? []).Where(t => NodeFilter.Tolerates(t, taint)).ToList();
            if (tolerations.Count == 0)
            {
                return now;
            }

            if (tolerations.Min(t => t.TolerationSeconds) is { } seconds)
            {
                var end = (taint.TimeAdded ?? now) + TimeSpan.FromSeconds(Math.Max(0, seconds));
                earliest = earliest < end ? earliest : end;
            }
        }

        return earliest;
    }

    private static IEnumerable<V1Taint> Of(V1Node node)
    {
        var key = node.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready")?.Status switch
        {
            "False" => NotReady,
            "Unknown" => Unreachable,
            _ => null,
        };
        if (node.Spec?.Unschedulable == true)
        {
            yield return new V1Taint { Key = Unschedulable, Effect = "NoSchedule" };
        }

        if (key is not null)
        {
            yield return new V1Taint { Key = key, Effect = "NoSchedule" };
            yield return new V1Taint { Key = key, Effect = "NoExecute" };
        }
    }

    private static bool IsOurs(V1Taint taint) => taint.Key is NotReady or Unreachable or Unschedulable;

    private static bool Same(V1Taint first, V1Taint second) => first.Key == second.Key && first.Effect == second.Effect;
}
