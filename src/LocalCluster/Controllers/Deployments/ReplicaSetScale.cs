using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>A replica set and the size that it gets.</summary>
internal sealed record ReplicaSetScale(V1ReplicaSet Set, int Size);
