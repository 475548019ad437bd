namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>What to do about a set's groups.</summary>
/// <param name="Create">Group and worker index of each pod to be made.</param>
/// <param name="Delete">Groups to be deleted by their leaders.</param>
internal sealed record GroupPlan(IReadOnlyList<(int Group, int Worker)> Create, IReadOnlyList<PodGroup> Delete);
