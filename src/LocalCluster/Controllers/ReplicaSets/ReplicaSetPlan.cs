using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.ReplicaSets;

/// <summary>How many pods to create, or which to delete.</summary>
internal sealed record ReplicaSetPlan(int Create, IReadOnlyList<V1Pod> Delete);
