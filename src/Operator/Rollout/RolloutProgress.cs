namespace Octavo.Operator.Rollout;

/// <summary>How far a rollout is, in numbers and in kubectl's words.</summary>
/// <param name="Wanted">Replicas that are wanted.</param>
/// <param name="Updated">Of the wanted template.</param>
/// <param name="Ready">Of the wanted template, and ready.</param>
/// <param name="Total">Of any template, without those that end.</param>
/// <param name="Leaving">Replicas that end.</param>
/// <param name="OldReady">Of an older template, and ready.</param>
internal sealed record RolloutProgress(int Wanted, int Updated, int Ready, int Total, int Leaving, int OldReady = 0)
{
    public static RolloutProgress Of(IReadOnlyList<Replica> replicas, int wanted) => new(
        wanted,
        replicas.Count(r => r is { IsCurrent: true, IsLeaving: false }),
        replicas.Count(r => r is { IsCurrent: true, IsLeaving: false, Health: ReplicaHealth.Ready }),
        replicas.Count(r => !r.IsLeaving),
        replicas.Count(r => r.IsLeaving),
        replicas.Count(r => r is { IsCurrent: false, IsLeaving: false, Health: ReplicaHealth.Ready }));

    /// <summary>As <c>kubectl rollout status</c> says it.</summary>
    public override string ToString()
    {
        if (Updated < Wanted)
        {
            return $"{Updated} out of {Wanted} new replicas have been updated{Draining}.";
        }

        return Total > Updated ? $"{Total - Updated} old replicas are pending termination{Draining}."
            : Ready < Wanted ? $"{Ready} of {Wanted} updated replicas are available{Draining}."
            : "All replicas are updated and available.";
    }

    private string Draining => Leaving == 0 ? "" : $", {Leaving} {(Leaving == 1 ? "drains" : "drain")}";
}
