namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>
/// The arithmetic of a rolling update, as the deployment controller does it. With N wanted replicas, surge S and unavailable U:
/// never more than N + S pods over all replica sets, never fewer than N - U available ones, and pods that were never ready go first.
/// </summary>
internal static class RollingUpdate
{
    /// <summary>
    /// Resolves the two bounds, which are numbers or percentages of <paramref name="replicas"/>: surge is rounded up and unavailable down;
    /// if both come out as zero nothing could ever move, so one may be unavailable.
    /// </summary>
    public static (int Surge, int Unavailable) ResolveBounds(string? maxSurge, string? maxUnavailable, int replicas)
    {
        var surge = Resolve(maxSurge ?? "25%", replicas, roundUp: true);
        var unavailable = Resolve(maxUnavailable ?? "25%", replicas, roundUp: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, Math.Min(unavailable, replicas));
    }

    /// <summary>Size of the new replica set: grows as far as the surge allows, shrinks to what is wanted at once.</summary>
    public static int NewReplicaSetSize(int replicas, int surge, int newSize, int totalSize)
    {
        if (newSize >= replicas)
        {
            return replicas;
        }

        var room = replicas + surge - totalSize;
        return room <= 0 ? newSize : newSize + Math.Min(room, replicas - newSize);
    }

    /// <summary>
    /// Sizes of the old replica sets, oldest first, after one step: first pods that are not available, then available ones as far as
    /// availability allows.
    /// </summary>
    public static IReadOnlyList<int> OldReplicaSetSizes(IReadOnlyList<ReplicaSetSize> old, ReplicaSetSize newSet, int replicas, int unavailable)
    {
        var sizes = old.Select(o => o.Size).ToArray();
        var total = sizes.Sum() + newSet.Size;
        var minAvailable = replicas - unavailable;
        var newUnavailable = newSet.Size - newSet.Available;
        var budget = total - minAvailable - newUnavailable;
        if (sizes.Sum() == 0 || budget <= 0)
        {
            return sizes;
        }

        for (var i = 0; i < sizes.Length && budget > 0; i++)
        {
            var unhealthy = Math.Max(0, sizes[i] - old[i].Available);
            var removed = Math.Min(unhealthy, budget);
            sizes[i] -= removed;
            budget -= removed;
        }

        var spare = old.Sum(o => o.Available) + newSet.Available - minAvailable;
        for (var i = 0; i < sizes.Length && spare > 0; i++)
        {
            var removed = Math.Min(sizes[i], spare);
            sizes[i] -= removed;
            spare -= removed;
        }

        return sizes;
    }

    /// <summary>
    /// Sizes after the deployment itself was scaled in the middle of a rollout: each replica set keeps its share of the allowed total; what rounding leaves
    /// over goes to the largest.
    /// </summary>
    /// <param name="sizes">Current sizes of the replica sets that have pods, newest first.</param>
    /// <param name="formerMaxima">Each replica set's allowed total (replicas + surge) at its last scaling.</param>
    public static IReadOnlyList<int> ProportionalSizes(IReadOnlyList<int> sizes, IReadOnlyList<int> formerMaxima, int replicas, int surge)
    {
        var result = sizes.ToArray();
        var allowed = replicas > 0 ? replicas + surge : 0;
        var toAdd = allowed - sizes.Sum();
        if (toAdd == 0)
        {
            return result;
        }

        var order = Enumerable.Range(0, sizes.Count).OrderByDescending(i => sizes[i]).ThenBy(i => toAdd > 0 ? i : -i).ToList();
        var added = 0;
        foreach (var i in order)
        {
            var former = formerMaxima[i] > 0 ? formerMaxima[i] : Math.Max(1, sizes.Sum());
            var share = (int)Math.Round((double)sizes[i] * allowed / former, MidpointRounding.AwayFromZero) - sizes[i];
            var bounded = toAdd > 0 ? Math.Clamp(share, 0, toAdd - added) : Math.Clamp(share, toAdd - added, 0);
            result[i] = Math.Max(0, result[i] + bounded);
            added += bounded;
        }

        result[order[0]] = Math.Max(0, result[order[0]] + toAdd - added);
        return result;
    }

    private static int Resolve(string bound, int replicas, bool roundUp)
    {
        if (!bound.EndsWith('%'))
        {
            return int.Parse(bound, System.Globalization.CultureInfo.InvariantCulture);
        }

        var hundredfold = (long)replicas * int.Parse(bound[..^1], System.Globalization.CultureInfo.InvariantCulture);
        return (int)(roundUp ? (hundredfold + 99) / 100 : hundredfold / 100);
    }
}
