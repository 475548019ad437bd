using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.Operator.Controller;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>One look at all fetches that run: ask each how far it has come, and wake the reconcile where that is news. It writes nothing, and asks nobody while nothing is fetched.</summary>
internal sealed class FetchWatch(ClusterView cluster, FetchStates states, FetchProgressReader reader, Action<NamespacedName> wake, TimeProvider timeProvider)
{
    /// <summary>Pods that are asked at once, over all services.</summary>
    private const int ParallelReads = 16;

    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var fetching = cluster.Services.Where(s => s.Metadata.DeletionTimestamp is null).Select(s => NamespacedName.Of(s))
            .SelectMany(key => cluster.PodsOf(key).Where(p => FetchContainerState.IsRunning(p) && p.Status?.PodIP is not null).Select(pod => (Key: key, Pod: pod))).ToList();
        var furthest = new ConcurrentDictionary<NamespacedName, FetchProgress>();
        await Parallel.ForEachAsync(
            fetching,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (fetch, token) =>
            {
                if (await reader.ReadAsync(fetch.Pod.Status!.PodIP!, token).ConfigureAwait(false) is { } progress)
                {
                    furthest.AddOrUpdate(fetch.Key, progress, (_, other) => IsFurther(progress, other) ? progress : other);
                }
            }).ConfigureAwait(false);
        states.Keep(fetching.Select(f => f.Key).ToHashSet());
        foreach (var (key, progress) in furthest)
        {
            if (states.Tell(key, progress, timeProvider.GetUtcNow()))
            {
                wake(key);
            }
        }
    }

    /// <summary>The replica that will be the first to serve: of those that share a claim all but one wait, and know no bytes.</summary>
    private static bool IsFurther(FetchProgress progress, FetchProgress other) =>
        (progress.Phase != FetchPhase.Waiting).CompareTo(other.Phase != FetchPhase.Waiting) is not 0 and var order ? order > 0 : progress.Bytes > other.Bytes;
}
