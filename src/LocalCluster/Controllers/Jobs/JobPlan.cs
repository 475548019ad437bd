using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>What to do about a job: the status first, then finalizers off counted pods, deletions and creations.</summary>
internal sealed record JobPlan
{
    public required V1JobStatus Status { get; init; }
    public int Create { get; init; }
    public IReadOnlyList<V1Pod> Delete { get; init; } = [];

    /// <summary>Pods that are counted once the status is written, and need not be kept for it any more.</summary>
    public IReadOnlyList<V1Pod> Release { get; init; } = [];

    public TimeSpan? LookAgain { get; init; }

    /// <summary>The job has been finished for as long as it wanted to stay.</summary>
    public bool Expired { get; init; }
}
