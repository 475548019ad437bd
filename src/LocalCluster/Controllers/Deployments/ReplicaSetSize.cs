namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>Pods wanted of a replica set, and how many of them are available.</summary>
internal readonly record struct ReplicaSetSize(int Size, int Available);
