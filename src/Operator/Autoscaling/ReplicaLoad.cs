namespace Octavo.Operator.Autoscaling;

/// <summary>The load of one replica as its <c>/metrics</c> told it.</summary>
/// <param name="Waiting">Requests that wait for admission.</param>
/// <param name="Running">Requests in the running batch.</param>
/// <param name="KVCacheUsage">Blocks in use, 0..1; blocks that are only cached count as free.</param>
/// <param name="CacheHitRate">Share of prompt tokens found in the prefix cache, 0..1; null while unknown.</param>
/// <param name="UncachedQueuedTokens">Prompt tokens of waiting requests that no cached block covers.</param>
internal sealed record ReplicaLoad(double Waiting, double Running, double KVCacheUsage, double? CacheHitRate, double UncachedQueuedTokens);
