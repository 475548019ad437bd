using System.Globalization;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.ReplicaSets;

/// <summary>
/// Which pods go first when a replica set shrinks: unassigned, then pending, then not ready, then those with the lower deletion cost, then those on the node
/// with more of the set's pods, then the ones ready for a shorter time, then those with more restarts, then the younger ones.
/// </summary>
internal static class PodDeletionOrder
{
    public const string CostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>The pods to delete, first victim first.</summary>
    public static IReadOnlyList<V1Pod> Victims(IReadOnlyList<V1Pod> pods, int count)
    {
        var onNode = pods.GroupBy(p => p.Spec?.NodeName ?? "", StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return
        [
            .. pods
                .OrderBy(p => string.IsNullOrEmpty(p.Spec?.NodeName) ? 0 : 1)
                .ThenBy(p => p.Status?.Phase switch { "Pending" or null => 0, "Unknown" => 1, _ => 2 })
                .ThenBy(p => PodReadiness.IsReady(p) ? 1 : 0)
                .ThenBy(Cost)
                .ThenByDescending(p => onNode[p.Spec?.NodeName ?? ""])
                .ThenByDescending(p => PodReadiness.ReadySince(p) ?? DateTimeOffset.MinValue)
                .ThenByDescending(p => (p.Status?.ContainerStatuses ?? []).Select(c => c.RestartCount).DefaultIfEmpty().Max())
                .ThenByDescending(p => p.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue)
                .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
                .Take(count),
        ];
    }

    /// <summary>The annotation's value; 0 where it is absent or no number.</summary>
    internal static int Cost(V1Pod pod) =>
        pod.Metadata.Annotations?.GetValueOrDefault(CostAnnotation) is { } text && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;
}
