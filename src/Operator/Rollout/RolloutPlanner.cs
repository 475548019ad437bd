namespace Octavo.Operator.Rollout;

/// <summary>
/// Decides how replicas of a new template take the place of old ones, as the two bounds of a rolling update. Pure; asked again at every change.
/// <para>
/// The workload's controller keeps, over all replica sets, at most wanted + maxSurge replicas (those that end do not count) and scales old sets down by at most
/// <c>total − (wanted − maxUnavailable) − new ones that are not available</c>, those that are not available first; available ones only as long as more than
/// <c>wanted − maxUnavailable</c> are. So the bounds are chosen from what is to go now: <see cref="Take"/> replicas and no other. Whatever the controller does
/// between two looks of ours, availability never falls below what it was at the last one, less one.
/// </para>
/// </summary>
internal static class RolloutPlanner
{
    public static RolloutDecision Plan(RolloutInputs inputs)
    {
        var count = ReplicaCount.Of(inputs);
        if (count.Old == 0 || inputs.Wanted == 0)
        {
            return RolloutDecision.AtRest;
        }

        TimeSpan? lookAgain = null;
        var failure = inputs.StartsNow ? null : RevisionFailure.Find(inputs.Replicas, inputs.Deadline, inputs.Now, out lookAgain);
        var choice = SurgeChoice.Of(inputs, count);
        var decision = choice.Surge > 0 ? Surge(inputs, count, choice) : InPlace(inputs, count, choice, failure);
        return decision with
        {
            IsRolling = true,
            IsHeld = failure is not null,
            Failure = failure,
            Proof = choice.Proof,
            LookAgainIn = lookAgain,
        };
    }

    private static RolloutDecision Surge(RolloutInputs inputs, ReplicaCount count, SurgeChoice choice) => new()
    {
        Mode = RolloutMode.Surge,
        MaxSurge = choice.Surge,
        // Old replicas that answer nothing are replaced at once, and none that answers.
        MaxUnavailable = count.UselessOld > 0 ? Math.Clamp(inputs.Wanted - count.Available - count.LapsedOld, 0, inputs.Wanted) : 0,
        Reason = choice.Reason,
        Message = $"A new replica is ready before an old one goes, {choice.Surge} at a time: {choice.Message}.",
    };

    private static RolloutDecision InPlace(RolloutInputs inputs, ReplicaCount count, SurgeChoice choice, RevisionFailure? failure)
    {
        var take = Take(inputs, count, failure);
        // With nothing to take, one is the tightest bound that the API server accepts; a replica that is on its way or stuck uses it up.
        var unavailable = take > 0 ? inputs.Wanted - count.Available - count.LapsedOld - count.UselessOld + take : 1;
        var first = count.UselessOld > 0 && failure is null ? $"; first {count.UselessOld} that {(count.UselessOld == 1 ? "answers" : "answer")} nothing" : "";
        return new RolloutDecision
        {
            Mode = RolloutMode.InPlace,
            MaxSurge = 0,
            MaxUnavailable = Math.Clamp(unavailable, 1, Math.Max(1, inputs.Wanted)),
            Reason = choice.Reason,
            Message = $"Each old replica drains and is replaced in its place, one at a time{first}: {choice.Message}.",
        };
    }

    /// <summary>How many old replicas go now: all that answer nothing; else one, once the last successor is ready.</summary>
    private static int Take(RolloutInputs inputs, ReplicaCount count, RevisionFailure? failure)
    {
        if (failure is not null)
        {
            return 0;
        }

        if (count.UselessOld > 0)
        {
            return count.UselessOld;
        }

        if (count.Total < inputs.Wanted)
        {
            // The successor of the last one that went is not made yet.
            return 0;
        }

        if (count.UnreadyNew == 0)
        {
            return 1;
        }

        // A successor that finds no room (there were fewer accelerators than replicas all along, or somebody took the one that was given up) would wait for
        // ever. Another old replica goes only if the room that it gives up is certain to be ours: else rivals would take them all, one by one.
        return count.UnreadyNew == count.StuckNew && SurgeChoice.IsRoomOfOldReplicasOurs(inputs) ? 1 : 0;
    }
}
