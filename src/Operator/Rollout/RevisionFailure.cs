using Octavo.Operator.Controller;

namespace Octavo.Operator.Rollout;

/// <summary>Why the wanted template is not rolled out further.</summary>
/// <param name="Reason">UpperCamelCase, for machines.</param>
/// <param name="Message">Which pod, and what happened to it.</param>
internal sealed record RevisionFailure(string Reason, string Message)
{
    /// <summary>A replica that restarted this short a time ago is not believed to stay ready.</summary>
    public static readonly TimeSpan Probation = TimeSpan.FromMinutes(10);

    /// <summary>The first replica of the wanted template that fails; null where all are ready or on their way. Pure.</summary>
    /// <param name="replicas">All of the service.</param>
    /// <param name="deadline">Most that a replica may take from its node to its being ready.</param>
    /// <param name="now">Now.</param>
    /// <param name="lookAgain">When the answer may change by time alone; null: never.</param>
    public static RevisionFailure? Find(IEnumerable<Replica> replicas, TimeSpan deadline, DateTimeOffset now, out TimeSpan? lookAgain)
    {
        lookAgain = null;
        foreach (var replica in replicas.Where(r => r is { IsCurrent: true, IsLeaving: false }).OrderBy(r => r.Name, StringComparer.Ordinal))
        {
            if (Replica.FailureOf(replica.Pod) is { } failure)
            {
                return new RevisionFailure(failure.Reason, $"Pod {replica.Name}: {failure.Message.TrimEnd('.')}.");
            }

            if (replica.Health == ReplicaHealth.Ready)
            {
                if (LastCrash(replica) is { } crash && crash + Probation > now)
                {
                    lookAgain = crash + Probation - now;
                    return new RevisionFailure("CrashLoopBackOff", $"Pod {replica.Name} is ready, but crashed {Replica.ManyRestarts} times or more, the last time at {crash:u}.");
                }
            }
            else if (replica.Health != ReplicaHealth.Lapsed && PlacedAt(replica) is { } placed)
            {
                var left = placed + deadline - now;
                if (left <= TimeSpan.Zero)
                {
                    return new RevisionFailure(
                        "ProgressDeadlineExceeded", $"Pod {replica.Name} is not ready {(int)(now - placed).TotalSeconds} s after it got a node; replicas may take {(int)deadline.TotalSeconds} s.");
                }

                lookAgain = lookAgain is { } earlier && earlier < left ? earlier : left;
            }
        }

        return null;
    }

    private static DateTimeOffset? PlacedAt(Replica replica) =>
        PodState.Condition(replica.Pod, "PodScheduled") is { Status: "True" } placed ? placed.LastTransitionTime ?? replica.Pod.Metadata.CreationTimestamp : null;

    private static DateTimeOffset? LastCrash(Replica replica) => (replica.Pod.Status?.ContainerStatuses ?? [])
        .Where(s => s.RestartCount >= Replica.ManyRestarts)
        .Max(s => s.LastState?.Terminated?.FinishedAt);
}
