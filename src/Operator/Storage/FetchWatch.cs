using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>One look at all fetches that run: ask each how far it has come, and wake the reconcile where that is news. It writes nothing, and asks nobody while nothing is fetched.</summary>
internal sealed class FetchWatch(ClusterView cluster, FillView fills, FetchStates states, FetchProgressReader reader, Action<NamespacedName> wake, TimeProvider timeProvider)
{
    /// <summary>Pods that are asked at once, over all services.</summary>
    private const int ParallelReads = 16;

    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var fetching = cluster.Services.Where(s => s.Metadata.DeletionTimestamp is null).SelectMany(Fetching).GroupBy(f => f.Pod.Metadata.Uid, StringComparer.Ordinal).ToList();
        var furthest = new ConcurrentDictionary<NamespacedName, FetchProgress>();
        await Parallel.ForEachAsync(
            fetching,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (fetch, token) =>
            {
                if (await reader.ReadAsync(fetch.First().Pod.Status!.PodIP!, token).ConfigureAwait(false) is { } progress)
                {
                    foreach (var (key, _) in fetch)
                    {
                        furthest.AddOrUpdate(key, progress, (_, other) => IsFurther(progress, other) ? progress : other);
                    }
                }
            }).ConfigureAwait(false);
        states.Keep(fetching.SelectMany(f => f).Select(f => f.Key).ToHashSet());
        foreach (var (key, progress) in furthest)
        {
            if (states.Tell(key, progress, timeProvider.GetUtcNow()))
            {
                wake(key);
            }
        }
    }

    /// <summary>The pods that fetch for a service: its replicas, or those of the Job that it may share with others.</summary>
    private IEnumerable<(NamespacedName Key, V1Pod Pod)> Fetching(V1Alpha1InferenceService service)
    {
        var key = NamespacedName.Of(service);
        var pods = FillKey.Of(service) is { } fill ? fills.PodsOf(fill) : cluster.PodsOf(key);
        return pods.Where(p => FetchContainerState.IsRunning(p) && p.Status?.PodIP is not null).Select(pod => (key, pod));
    }

    /// <summary>The replica that will be the first to serve: of those that share a claim all but one wait, and know no bytes.</summary>
    private static bool IsFurther(FetchProgress progress, FetchProgress other) =>
        (progress.Phase != FetchPhase.Waiting).CompareTo(other.Phase != FetchPhase.Waiting) is not 0 and var order ? order > 0 : progress.Bytes > other.Bytes;
}
