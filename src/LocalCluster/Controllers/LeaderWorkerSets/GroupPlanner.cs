using System.Globalization;
using System.Text;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>Which groups a LeaderWorkerSet should have, and what is to be made or deleted for it. Pure.</summary>
internal static class GroupPlanner
{
    /// <summary>The name of the set's template: what it changes with makes new groups.</summary>
    public static string Revision(LeaderWorkerSet set) =>
        SafeName.Encode(SafeName.Fnv1a(Encoding.UTF8.GetBytes(KubernetesJson.ToNode(set.Spec!.LeaderWorkerTemplate!).ToJsonString())).ToString(CultureInfo.InvariantCulture));

    public static GroupPlan Plan(LeaderWorkerSet set, IReadOnlyList<PodGroup> groups, string revision)
    {
        var size = Size(set);
        var replicas = set.Spec!.Replicas ?? 1;
        var rolling = set.Spec.RolloutStrategy?.RollingUpdateConfiguration;
        var partition = rolling?.Partition ?? 0;
        var outdated = groups.Where(g => g.Index >= partition && g.Index < replicas && g.Revision is not null && g.Revision != revision).ToList();
        var wanted = replicas + (outdated.Count > 0 ? Amount(rolling?.MaxSurge ?? 0, replicas) : 0);
        var delete = groups.Where(g => g.Index >= wanted && g.Leader is not null).ToList();
        var recreates = set.Spec.LeaderWorkerTemplate?.RestartPolicy is not "None";
        delete.AddRange(groups.Where(g => g.Index < wanted && (g.Leader is null || (recreates && g.IsBroken)) && !g.IsTerminating));

        // The highest first; one that is not ready costs nothing.
        var ready = groups.Count(g => g.IsReady(size) && !delete.Contains(g));
        var spare = ready - (replicas - Math.Max(1, Amount(rolling?.MaxUnavailable ?? 1, replicas)));
        foreach (var group in outdated.Except(delete).Where(g => !g.IsTerminating).OrderBy(g => g.IsReady(size)).ThenByDescending(g => g.Index))
        {
            if (!group.IsReady(size))
            {
                delete.Add(group);
            }
            else if (spare-- > 0)
            {
                delete.Add(group);
            }
        }

        return new GroupPlan(Missing(set, groups, delete, wanted, size), delete);
    }

    public static LeaderWorkerSetStatus Status(LeaderWorkerSet set, IReadOnlyList<PodGroup> groups, string revision, DateTimeOffset now)
    {
        var size = Size(set);
        var replicas = set.Spec!.Replicas ?? 1;
        var present = groups.Where(g => g.Leader is not null).ToList();
        var ready = present.Count(g => g.IsReady(size));
        var updated = present.Count(g => g.Revision == revision);
        var updatedAndReady = present.Count(g => g.Revision == revision && g.IsReady(size) && g.Index < replicas);
        var isUpdating = present.Any(g => g.Revision != revision);
        var isAvailable = updatedAndReady == replicas;
        V1Condition Condition(string type, bool holds, string reason, string message)
        {
            var before = set.Status?.Conditions?.FirstOrDefault(c => c.Type == type);
            var status = holds ? "True" : "False";
            return new V1Condition { Type = type, Status = status, Reason = reason, Message = message, LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now };
        }

        return new LeaderWorkerSetStatus
        {
            ObservedGeneration = set.Metadata.Generation,
            Replicas = present.Count,
            ReadyReplicas = ready,
            UpdatedReplicas = updated,
            HpaPodSelector = $"{PodGroup.NameLabel}={set.Metadata.Name},{PodGroup.WorkerLabel}=0",
            Conditions =
            [
                Condition("Available", isAvailable, "AllGroupsReady", "All replicas are ready"),
                Condition("Progressing", !isAvailable, "GroupsProgressing", "Replicas are progressing"),
                Condition("UpdateInProgress", isUpdating, "GroupsUpdating", "Rolling Upgrade is in progress"),
            ],
        };
    }

    public static int Size(LeaderWorkerSet set) => set.Spec?.LeaderWorkerTemplate?.Size ?? 1;

    private static List<(int Group, int Worker)> Missing(LeaderWorkerSet set, IReadOnlyList<PodGroup> groups, List<PodGroup> deleted, int wanted, int size)
    {
        var missing = new List<(int, int)>();
        for (var index = 0; index < wanted; index++)
        {
            var group = groups.FirstOrDefault(g => g.Index == index) ?? new PodGroup(index, []);
            if (deleted.Contains(group) || group.IsTerminating)
            {
                continue; // Its names are free when it is gone.
            }

            if (group.Leader is not { } leader)
            {
                missing.Add((index, 0));
            }
            else if (set.Spec!.StartupPolicy != "LeaderReady" || PodReadiness.IsReady(leader))
            {
                missing.AddRange(Enumerable.Range(1, size - 1).Where(w => group.Pods.All(p => PodGroup.WorkerOf(p) != w)).Select(w => (index, w)));
            }
        }

        return missing;
    }

    private static int Amount(IntOrString value, int of)
    {
        var text = value.ToString();
        return text.EndsWith('%')
            ? (int)Math.Ceiling(of * decimal.Parse(text[..^1], CultureInfo.InvariantCulture) / 100)
            : int.Parse(text, CultureInfo.InvariantCulture);
    }
}
