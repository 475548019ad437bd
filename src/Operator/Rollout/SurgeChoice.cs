namespace Octavo.Operator.Rollout;

/// <summary>Whether, and by how many, a rollout may surge.</summary>
/// <param name="Surge">Replicas beyond those that are wanted; 0: in place.</param>
/// <param name="Reason">One of <see cref="RolloutReasons"/>.</param>
/// <param name="Message">The end of a sentence.</param>
/// <param name="Proof">What was found of room; null where nobody asked.</param>
internal sealed record SurgeChoice(int Surge, string Reason, string Message, CapacityProof? Proof = null)
{
    public static SurgeChoice Of(RolloutInputs inputs, ReplicaCount count) => inputs switch
    {
        { Requested: RequestedStrategy.InPlace } => new(0, RolloutReasons.Requested, "spec.rollout.strategy asks for it"),
        { Volumes: VolumeReach.OnePod } => new(0, RolloutReasons.VolumeInUse, "the model's volume can be mounted by one pod only"),
        { Requested: RequestedStrategy.Surge } => AsRequested(inputs, count),
        { CreationRefused: null, PreviousReason: RolloutReasons.PodsRefused, StartsNow: false } => new(0, RolloutReasons.PodsRefused, "no further pod was allowed when one was tried"),
        { CreationRefused: { } refusal } => new(0, RolloutReasons.PodsRefused, $"no further pod is allowed: {refusal.TrimEnd('.')}"),
        { Accelerator: null, Cluster.UnknownBecause: { } } => count.StuckNew > 0
            ? new(0, RolloutReasons.NoSpareCapacity, "the scheduler finds no node for another replica")
            : new(1, RolloutReasons.NoAcceleratorNeeded, "the replicas need no accelerator"),
        _ => Proven(inputs, count),
    };

    /// <summary>
    /// The next replica finds room when any one of the old ones that answer has gone, and no pod of others waits that could take it first.
    /// Where nothing is known of nodes, nothing is certain.
    /// </summary>
    public static bool IsRoomOfOldReplicasOurs(RolloutInputs inputs)
    {
        if (SpareCapacity.Prove(Question(inputs, wanted: 1, _ => true)).Slots > 0)
        {
            // There is room already; the scheduler has not tried again yet.
            return false;
        }

        var answering = inputs.Replicas.Where(r => r is { IsLeaving: false, IsCurrent: false, Health: ReplicaHealth.Ready, Node: not null }).ToList();
        return inputs.PodsPerReplica == 1 && answering.Count > 0 && answering.DistinctBy(r => r.Node, StringComparer.Ordinal).All(goes =>
        {
            var proof = SpareCapacity.Prove(Question(inputs, wanted: 1, r => !ReferenceEquals(r, goes)) with { OnlyNodes = new HashSet<string>(StringComparer.Ordinal) { goes.Node! } });
            return proof is { IsProven: true, Rivals: 0 };
        });
    }

    private static SurgeChoice AsRequested(RolloutInputs inputs, ReplicaCount count)
    {
        var (surge, proof) = LargestProven(inputs, count);
        return new(Math.Max(1, surge), RolloutReasons.Requested, $"spec.rollout.strategy asks for it ({proof})", proof);
    }

    private static SurgeChoice Proven(RolloutInputs inputs, ReplicaCount count)
    {
        var (surge, proof) = LargestProven(inputs, count);
        if (proof.Unprovable is { } why)
        {
            return inputs.Accelerator is null && count.StuckNew == 0
                ? new(1, RolloutReasons.NoAcceleratorNeeded, "the replicas need no accelerator", proof)
                : new(0, RolloutReasons.CapacityUnknown, why, proof);
        }

        var isUnderWay = !inputs.StartsNow && count.New > 0;
        if (isUnderWay && inputs.LiveSurge == 0 && count.UnreadyNew > 0)
        {
            // Between two steps room may have come up; within one, the accelerators in transit would be taken for spare ones.
            return new(0, RolloutReasons.NoSpareCapacity, "no room was found when the last replica was replaced", proof);
        }

        if (surge == 0 && isUnderWay && inputs.LiveSurge > 0 && count.UnplacedNew > 0 && count.StuckNew == 0)
        {
            // The scheduler has not spoken yet: its word counts more than our look at two caches that need not be of the same moment.
            return new(inputs.LiveSurge.Value, RolloutReasons.SpareCapacity, "room was found for it", proof);
        }

        return surge > 0 ? new(surge, RolloutReasons.SpareCapacity, proof.ToString(), proof) : new(0, RolloutReasons.NoSpareCapacity, proof.ToString(), proof);
    }

    /// <summary>
    /// The largest surge for which every new replica that it makes has room: those without a node, and those that are made now. Replicas that end, and old ones that
    /// go at once because they answer nothing, give their room back. While it runs, a surge is never enlarged.
    /// </summary>
    private static (int Surge, CapacityProof Proof) LargestProven(RolloutInputs inputs, ReplicaCount count)
    {
        var largest = Math.Max(1, (inputs.Wanted + 3) / 4);
        if (!inputs.StartsNow && count.New > 0 && inputs.LiveSurge is > 0 and var live)
        {
            largest = Math.Min(largest, live);
        }

        var staying = count.Total - count.UselessOld;
        CapacityProof? proof = null;
        for (var surge = largest; surge >= 1; surge--)
        {
            var wanted = count.UnplacedNew + Math.Min(Math.Max(0, inputs.Wanted + surge - staying), Math.Max(0, inputs.Wanted - count.New));
            proof = SpareCapacity.Prove(Question(inputs, wanted, r => r.IsCurrent || !r.IsUseless));
            if (proof.IsProven)
            {
                return (surge, proof);
            }
        }

        return (0, proof!);
    }

    private static CapacityQuestion Question(RolloutInputs inputs, int wanted, Func<Replica, bool> stays) => new()
    {
        Cluster = inputs.Cluster,
        Pod = inputs.Pod,
        Wanted = wanted * inputs.PodsPerReplica,
        Staying = [.. inputs.Replicas.Where(r => !r.IsLeaving && stays(r)).SelectMany(r => r.Pods).Where(p => !string.IsNullOrEmpty(p.Spec?.NodeName))],
        Accelerator = inputs.Accelerator,
        OnlyNodes = inputs.Volumes == VolumeReach.SameNode ? NodesInUse(inputs) : null,
    };

    private static HashSet<string> NodesInUse(RolloutInputs inputs) =>
        inputs.Replicas.Where(r => !r.IsLeaving).Select(r => r.Node).OfType<string>().ToHashSet(StringComparer.Ordinal);
}
