using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>The next step of a deployment: how large each replica set should be now. Pure; repeated whenever a count changes, it ends with the new set alone.</summary>
internal static class DeploymentPlanner
{
    /// <summary>Size with which a new replica set is made. A recreation waits until <paramref name="oldPodsRemain"/> is false.</summary>
    public static int InitialSize(DeploymentView view, bool oldPodsRemain) =>
        view.IsRecreate ? (oldPodsRemain ? 0 : view.Replicas)
        : RollingUpdate.NewReplicaSetSize(view.Replicas, view.Bounds.Surge, 0, view.Old.Sum(DeploymentView.SizeOf));

    /// <summary>New sizes by replica set; only those that change.</summary>
    /// <param name="oldPodsRemain">Some pod of an old replica set still exists and has not ended.</param>
    public static IReadOnlyList<ReplicaSetScale> Plan(DeploymentView view, bool oldPodsRemain)
    {
        if (view.Deployment.Spec?.Paused == true || IsScalingEvent(view))
        {
            return Scale(view);
        }

        return view.IsRecreate ? Recreate(view, oldPodsRemain) : Roll(view);
    }

    /// <summary>Old replica sets without pods, beyond the history that is kept; oldest first.</summary>
    public static IReadOnlyList<V1ReplicaSet> Expired(DeploymentView view)
    {
        if (view.Deployment.Spec?.RevisionHistoryLimit is not { } limit)
        {
            return [];
        }

        var empty = view.Old
            .Where(o => o.Metadata.DeletionTimestamp is null && DeploymentView.SizeOf(o) == 0 && (o.Status?.Replicas ?? 0) == 0)
            .OrderBy(o => DeploymentAnnotations.Number(o, DeploymentAnnotations.Revision))
            .ToList();
        return [.. empty.Take(Math.Max(0, view.Old.Count - limit))];
    }

    /// <summary>The deployment's own size was changed since its replica sets were last scaled.</summary>
    private static bool IsScalingEvent(DeploymentView view) => view.All.Any(s =>
        DeploymentView.SizeOf(s) > 0
        && s.Metadata.Annotations?.ContainsKey(DeploymentAnnotations.DesiredReplicas) == true
        && DeploymentAnnotations.Number(s, DeploymentAnnotations.DesiredReplicas) != view.Replicas);

    private static List<ReplicaSetScale> Scale(DeploymentView view)
    {
        var active = view.All.Where(s => DeploymentView.SizeOf(s) > 0).Reverse().ToList();
        if (active.Count <= 1)
        {
            return (active.FirstOrDefault() ?? view.New) is { } only && (DeploymentView.SizeOf(only) != view.Replicas || IsScalingEvent(view))
                ? [new ReplicaSetScale(only, view.Replicas)]
                : [];
        }

        if (view.New is { } current && DeploymentView.SizeOf(current) == view.Replicas && DeploymentView.AvailableOf(current) == view.Replicas)
        {
            return Changes(view.Old.Select(o => (o, 0)));
        }

        if (view.IsRecreate)
        {
            return [];
        }

        var sizes = RollingUpdate.ProportionalSizes(
            [.. active.Select(DeploymentView.SizeOf)],
            [.. active.Select(s => DeploymentAnnotations.Number(s, DeploymentAnnotations.MaxReplicas))],
            view.Replicas,
            view.Bounds.Surge);

        // Every active set is named, even if its size stays: its annotations must remember the new total, or this would be a scaling event for ever.
        return [.. active.Zip(sizes, (set, size) => new ReplicaSetScale(set, size))];
    }

    private static List<ReplicaSetScale> Recreate(DeploymentView view, bool oldPodsRemain)
    {
        var down = Changes(view.Old.Select(o => (o, 0)));
        return down.Count > 0 ? down
            : oldPodsRemain || view.New is null ? []
            : Changes([(view.New, view.Replicas)]);
    }

    private static List<ReplicaSetScale> Roll(DeploymentView view)
    {
        if (view.New is not { } current)
        {
            return [];
        }

        var size = DeploymentView.SizeOf(current);
        var up = Changes([(current, RollingUpdate.NewReplicaSetSize(view.Replicas, view.Bounds.Surge, size, view.All.Sum(DeploymentView.SizeOf)))]);
        if (up.Count > 0)
        {
            return up;
        }

        var sizes = RollingUpdate.OldReplicaSetSizes(
            [.. view.Old.Select(o => new ReplicaSetSize(DeploymentView.SizeOf(o), DeploymentView.AvailableOf(o)))],
            new ReplicaSetSize(size, DeploymentView.AvailableOf(current)),
            view.Replicas,
            view.Bounds.Unavailable);
        return Changes(view.Old.Zip(sizes));
    }

    private static List<ReplicaSetScale> Changes(IEnumerable<(V1ReplicaSet Set, int Size)> wanted) =>
        [.. wanted.Where(w => DeploymentView.SizeOf(w.Set) != w.Size).Select(w => new ReplicaSetScale(w.Set, w.Size))];
}
