using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>A deployment's status: counts (absent where zero) and the conditions Available and Progressing with the real controller's reasons. Pure.</summary>
internal static class DeploymentStatusBuilder
{
    /// <param name="created">Name of the replica set that was just made, if one was.</param>
    public static V1DeploymentStatus Build(DeploymentView view, DateTimeOffset now, string? created)
    {
        var before = view.Deployment.Status ?? new V1DeploymentStatus();
        var all = view.All.ToList();
        var available = all.Sum(DeploymentView.AvailableOf);
        var status = new V1DeploymentStatus
        {
            ObservedGeneration = view.Deployment.Metadata.Generation,
            Replicas = NoZero(all.Sum(s => s.Status?.Replicas ?? 0)),
            UpdatedReplicas = NoZero(view.New?.Status?.Replicas ?? 0),
            ReadyReplicas = NoZero(all.Sum(s => s.Status?.ReadyReplicas ?? 0)),
            AvailableReplicas = NoZero(available),
            UnavailableReplicas = NoZero(Math.Max(0, all.Sum(DeploymentView.SizeOf) - available)),
            CollisionCount = before.CollisionCount,
        };
        var conditions = (before.Conditions ?? []).Where(c => c.Type is not ("Available" or "Progressing" or "ReplicaFailure")).ToList();
        conditions.Add(Available(view, available, Find(before, "Available"), now));
        if (Progressing(view, before, status, created, now) is { } progressing)
        {
            conditions.Add(progressing);
        }

        if (all.SelectMany(s => s.Status?.Conditions ?? []).FirstOrDefault(c => c.Type == "ReplicaFailure" && c.Status == "True") is { } failure)
        {
            conditions.Add(Changed(Find(before, "ReplicaFailure"), "ReplicaFailure", "True", failure.Reason!, failure.Message ?? "", now, touch: false));
        }

        return status with { Conditions = conditions };
    }

    /// <summary>All pods are of the new template, available, and no old one is left.</summary>
    public static bool IsComplete(V1Deployment deployment, V1DeploymentStatus status)
    {
        var wanted = deployment.Spec?.Replicas ?? 1;
        return (status.UpdatedReplicas ?? 0) == wanted && (status.Replicas ?? 0) == wanted && (status.AvailableReplicas ?? 0) == wanted
            && status.ObservedGeneration >= deployment.Metadata.Generation;
    }

    /// <summary>When the deadline of a rollout without progress must be looked at.</summary>
    public static TimeSpan? UntilDeadline(V1Deployment deployment, V1DeploymentStatus status, DateTimeOffset now)
    {
        if (Deadline(deployment) is not { } deadline || Find(status, "Progressing") is not { Status: "True", Reason: not "NewReplicaSetAvailable", LastUpdateTime: { } at })
        {
            return null;
        }

        var left = at + deadline - now;
        return left > TimeSpan.Zero ? left + TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(1);
    }

    private static V1DeploymentCondition Available(DeploymentView view, int available, V1DeploymentCondition? before, DateTimeOffset now) =>
        available >= view.Replicas - view.Bounds.Unavailable
            ? Changed(before, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now, touch: false)
            : Changed(before, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now, touch: false);

    private static V1DeploymentCondition? Progressing(DeploymentView view, V1DeploymentStatus before, V1DeploymentStatus status, string? created, DateTimeOffset now)
    {
        if (Deadline(view.Deployment) is not { } deadline)
        {
            return null;
        }

        var old = Find(before, "Progressing");
        if (view.Deployment.Spec?.Paused == true)
        {
            return Changed(old, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now, touch: false);
        }

        var subject = view.New is { } current ? $"ReplicaSet \"{current.Metadata.Name}\"" : $"Deployment \"{view.Deployment.Metadata.Name}\"";
        if (created is not null)
        {
            return Changed(old, "Progressing", "True", "NewReplicaSetCreated", $"Created new replica set \"{created}\"", now, touch: true);
        }

        if (old is { Reason: "DeploymentPaused" })
        {
            return Changed(old, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", now, touch: true);
        }

        if (IsComplete(view.Deployment, status))
        {
            return Changed(old, "Progressing", "True", "NewReplicaSetAvailable", $"{subject} has successfully progressed.", now, touch: false);
        }

        // A rollout that was complete stays so while pods come and go, as long as all there are belong to the new template.
        if (old is { Reason: "NewReplicaSetAvailable" } && status.Replicas == status.UpdatedReplicas && old.Message?.StartsWith(subject, StringComparison.Ordinal) == true)
        {
            return old;
        }

        if (old is null || Moves(before, status))
        {
            return Changed(old, "Progressing", "True", "ReplicaSetUpdated", $"{subject} is progressing.", now, touch: true);
        }

        var isLate = old.Reason == "ProgressDeadlineExceeded" || (old.Reason != "NewReplicaSetAvailable" && old.LastUpdateTime + deadline < now);
        return isLate ? Changed(old, "Progressing", "False", "ProgressDeadlineExceeded", $"{subject} has timed out progressing.", now, touch: false) : old;
    }

    /// <summary>Something came nearer to the goal: more new pods, fewer old ones, more ready, more available.</summary>
    private static bool Moves(V1DeploymentStatus before, V1DeploymentStatus after) =>
        (after.UpdatedReplicas ?? 0) > (before.UpdatedReplicas ?? 0)
        || (after.Replicas ?? 0) - (after.UpdatedReplicas ?? 0) < (before.Replicas ?? 0) - (before.UpdatedReplicas ?? 0)
        || (after.ReadyReplicas ?? 0) > (before.ReadyReplicas ?? 0)
        || (after.AvailableReplicas ?? 0) > (before.AvailableReplicas ?? 0);

    /// <param name="touch">Progress was made: the update time moves though the words stay.</param>
    private static V1DeploymentCondition Changed(V1DeploymentCondition? before, string type, string status, string reason, string message, DateTimeOffset now, bool touch)
    {
        if (!touch && before is not null && before.Status == status && before.Reason == reason && before.Message == message)
        {
            return before;
        }

        return new V1DeploymentCondition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastUpdateTime = now,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now,
        };
    }

    private static V1DeploymentCondition? Find(V1DeploymentStatus status, string type) => status.Conditions?.FirstOrDefault(c => c.Type == type);

    private static TimeSpan? Deadline(V1Deployment deployment) =>
        deployment.Spec?.ProgressDeadlineSeconds is { } seconds and not int.MaxValue ? TimeSpan.FromSeconds(seconds) : null;

    private static int? NoZero(int count) => count == 0 ? null : count;
}
