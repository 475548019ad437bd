using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.ReplicaSets;

/// <summary>What to do about a replica set's pods. Pure.</summary>
internal static class ReplicaSetPlanner
{
    /// <summary>As many as are created or deleted in one go.</summary>
    public const int Burst = 500;

    public static ReplicaSetPlan Plan(V1ReplicaSet set, IReadOnlyList<V1Pod> active)
    {
        var missing = (set.Spec?.Replicas ?? 1) - active.Count;
        return missing >= 0
            ? new ReplicaSetPlan(Math.Min(missing, Burst), [])
            : new ReplicaSetPlan(0, PodDeletionOrder.Victims(active, Math.Min(-missing, Burst)));
    }

    /// <summary>The status for what is there; <paramref name="lookAgain"/> says when a ready pod becomes an available one.</summary>
    public static V1ReplicaSetStatus Status(V1ReplicaSet set, IReadOnlyList<V1Pod> active, DateTimeOffset now, string? failure, out TimeSpan? lookAgain)
    {
        lookAgain = null;
        var ready = 0;
        var available = 0;
        var fullyLabeled = 0;
        foreach (var pod in active)
        {
            fullyLabeled += SelectorMatch.Matches(set.Spec?.Template?.Metadata?.Labels, pod.Metadata.Labels) ? 1 : 0;
            ready += PodReadiness.IsReady(pod) ? 1 : 0;
            if (PodReadiness.IsAvailable(pod, set.Spec?.MinReadySeconds ?? 0, now, out var remaining))
            {
                available++;
            }
            else if (remaining is { } wait && (lookAgain is null || wait < lookAgain))
            {
                lookAgain = wait;
            }
        }

        return new V1ReplicaSetStatus
        {
            Replicas = active.Count,
            FullyLabeledReplicas = fullyLabeled,
            ReadyReplicas = ready,
            AvailableReplicas = available,
            ObservedGeneration = set.Metadata.Generation,
            Conditions = Conditions(set.Status?.Conditions ?? [], failure, now),
        };
    }

    private static IReadOnlyList<V1Condition>? Conditions(IReadOnlyList<V1Condition> before, string? failure, DateTimeOffset now)
    {
        var others = before.Where(c => c.Type != "ReplicaFailure").ToList();
        if (failure is not null)
        {
            var old = before.FirstOrDefault(c => c.Type == "ReplicaFailure");
            others.Add(new V1Condition { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = failure, LastTransitionTime = old?.LastTransitionTime ?? now });
        }

        return others.Count == 0 ? null : others;
    }
}
