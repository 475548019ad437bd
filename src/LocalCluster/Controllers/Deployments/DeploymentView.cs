using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>A deployment and its replica sets, sorted into new and old. Pure.</summary>
internal sealed record DeploymentView(V1Deployment Deployment, V1ReplicaSet? New, IReadOnlyList<V1ReplicaSet> Old)
{
    public int Replicas => Deployment.Spec?.Replicas ?? 1;

    public bool IsRecreate => Deployment.Spec?.Strategy?.Type == "Recreate";

    public (int Surge, int Unavailable) Bounds => IsRecreate
        ? (0, 0)
        : RollingUpdate.ResolveBounds(Deployment.Spec?.Strategy?.RollingUpdate?.MaxSurge?.ToString(), Deployment.Spec?.Strategy?.RollingUpdate?.MaxUnavailable?.ToString(), Replicas);

    public int MaxReplicas => Replicas == 0 ? 0 : Replicas + Bounds.Surge;

    public IEnumerable<V1ReplicaSet> All => New is null ? Old : Old.Append(New);

    /// <summary>The revision that the new replica set has or gets: one more than any old one.</summary>
    public int NewRevision => Math.Max(Old.Select(o => DeploymentAnnotations.Number(o, DeploymentAnnotations.Revision)).DefaultIfEmpty().Max() + 1, 1);

    /// <summary>Old sets oldest first; the new one is the one with the deployment's template (the oldest, if there are several).</summary>
    public static DeploymentView Of(V1Deployment deployment, IEnumerable<V1ReplicaSet> sets)
    {
        var byAge = sets.OrderBy(s => s.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue).ThenBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        var current = byAge.FirstOrDefault(s => PodTemplateHash.AreEqual(s.Spec?.Template, deployment.Spec?.Template));
        return new DeploymentView(deployment, current, [.. byAge.Where(s => !ReferenceEquals(s, current))]);
    }

    public static int SizeOf(V1ReplicaSet set) => set.Spec?.Replicas ?? 1;

    public static int AvailableOf(V1ReplicaSet set) => set.Status?.AvailableReplicas ?? 0;
}
