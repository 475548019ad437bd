using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>
/// One look at all autoscaled services: ask every ready replica for its load, calculate, remember the outcome and wake the reconcile where it matters.
/// It writes nothing to the cluster.
/// </summary>
internal sealed partial class Autoscaler(
    ClusterView cluster,
    AutoscalerStates states,
    ServingMetricsScraper scraper,
    Action<NamespacedName> wake,
    OperatorMetrics metrics,
    OperatorOptions options,
    TimeProvider timeProvider,
    ILogger<Autoscaler> logger)
{
    /// <summary>Replicas that are asked at once, over all services.</summary>
    private const int ParallelScrapes = 64;

    /// <summary>A load is young enough for this many looks: one lost answer is no lost replica.</summary>
    private const int LooksThatALoadLasts = 3;

    private readonly ConcurrentDictionary<string, (ReplicaLoad Load, CounterWindow Window, DateTimeOffset At)> loads = new(StringComparer.Ordinal);

    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var services = cluster.Services.Where(s => s.Spec.Autoscaling is not null && s.Metadata.DeletionTimestamp is null).ToList();
        states.Keep(services.Select(s => NamespacedName.Of(s)).ToHashSet());
        // One look at the pods for asking and for deciding: a pod that gets ready in between has not been asked.
        var pods = services.ToDictionary(s => NamespacedName.Of(s), s => cluster.PodsOf(NamespacedName.Of(s)).Where(p => p.Metadata.DeletionTimestamp is null).ToList());
        var replicas = services.SelectMany(
            s => pods[NamespacedName.Of(s)].Where(p => PodState.IsReady(p) && p.Status?.PodIP is not null),
            (s, pod) => (Pod: pod, Names: ReplicaMetricNames.Of(s.Spec.Runtime?.Dialect))).ToList();
        await Parallel.ForEachAsync(
            replicas,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelScrapes, CancellationToken = cancellationToken },
            async (replica, token) => await ScrapeAsync(replica.Pod, replica.Names, token).ConfigureAwait(false)).ConfigureAwait(false);
        Prune(replicas.Select(r => r.Pod));
        foreach (var service in services)
        {
            Decide(service, pods[NamespacedName.Of(service)]);
        }
    }

    private async Task ScrapeAsync(V1Pod pod, ReplicaMetricNames names, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        var (reading, failure) = await scraper.ScrapeAsync(ServingMetricsScraper.MetricsUri(pod.Status!.PodIP!), names, cancellationToken).ConfigureAwait(false);
        metrics.Scraped(reading is not null, timeProvider.GetElapsedTime(started));
        if (reading is not null)
        {
            var now = timeProvider.GetUtcNow();
            var window = (loads.TryGetValue(pod.Metadata.Uid!, out var known) ? known.Window : CounterWindow.Empty).With(now, reading.Counters);
            loads[pod.Metadata.Uid!] = (ReplicaLoad.Of(reading, window.Rates), window, now);
        }
        else
        {
            LogScrapeFailed(logger, pod.Metadata.NamespaceProperty, pod.Metadata.Name, failure);
        }
    }

    /// <param name="pods">Old pods too: during a rollout they carry the load.</param>
    private void Decide(V1Alpha1InferenceService service, IReadOnlyList<V1Pod> pods)
    {
        var key = NamespacedName.Of(service);
        var policy = ScalingPolicy.From(service.Spec)!;
        var now = timeProvider.GetUtcNow();
        var known = states.Find(key);
        var before = known ?? AutoscalerState.Resume(cluster.Observe(service).DesiredReplicas, service.Status?.Autoscaling);
        var youngest = now - options.AutoscalingInterval * LooksThatALoadLasts - options.ScrapeTimeout;
        var samples = pods.Select(p => new ReplicaSample
        {
            Pod = p.Metadata.Name!,
            ReadySince = PodState.ReadySince(p),
            Load = loads.TryGetValue(p.Metadata.Uid!, out var entry) && entry.At >= youngest && PodState.IsReady(p) ? entry.Load : null,
        }).ToList();

        var outcome = ReplicaCalculator.Calculate(policy, before.Replicas, samples, before.History, now);
        var byPod = samples.Where(s => s.Load is not null).ToDictionary(s => s.Pod, s => s.Load!, StringComparer.Ordinal);
        var after = before.After(outcome, byPod, now);
        states.Set(key, after);
        if (after.Replicas != before.Replicas)
        {
            metrics.Decided(key, outcome.Reason, before.Replicas, after.Replicas);
            LogScaled(logger, key, before.Replicas, after.Replicas, outcome.Message);
        }

        if (after.Differs(known))
        {
            wake(key);
        }
    }

    private void Prune(IEnumerable<V1Pod> replicas)
    {
        var present = replicas.Select(p => p.Metadata.Uid!).ToHashSet(StringComparer.Ordinal);
        foreach (var uid in loads.Keys.Where(uid => !present.Contains(uid)))
        {
            loads.TryRemove(uid, out _);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Service}: {From} to {To} replicas. {Why}")]
    private static partial void LogScaled(ILogger logger, NamespacedName service, int from, int to, string why);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "Pod {Namespace}/{Pod} does not tell its load: {Failure}")]
    private static partial void LogScrapeFailed(ILogger logger, string? @namespace, string? pod, string? failure);
}
