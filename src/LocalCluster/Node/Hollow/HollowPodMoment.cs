using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>A pod of a hollow node at one moment.</summary>
/// <param name="Snapshot">What its status says.</param>
/// <param name="Next">When it will be otherwise, if nothing comes from outside.</param>
/// <param name="HasEnded">The deletion is through: the object may go.</param>
/// <param name="WasKilled">It would have needed longer than its grace.</param>
internal sealed record HollowPodMoment(PodSnapshot Snapshot, DateTimeOffset? Next, bool HasEnded, bool WasKilled);
