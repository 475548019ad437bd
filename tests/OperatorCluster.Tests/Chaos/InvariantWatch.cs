using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>
/// What must hold at every moment, checked after every event that the API server tells: accelerators of a node are never given twice, no pod's grace is
/// cut short, specs are the user's alone, every status is clean.
/// </summary>
internal sealed class InvariantWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private readonly ConcurrentQueue<string> violations = new();
    private readonly ConcurrentDictionary<string, long> userGenerations = new(StringComparer.Ordinal);
    private readonly SharedInformer<V1Pod> pods;
    private readonly SharedInformer<V1Node> nodes;
    private readonly SharedInformer<V1Alpha1InferenceService> services;
    private long statuses;

    private InvariantWatch(IKubernetesClient client, TimeProvider time)
    {
        pods = New<V1Pod>(client, time);
        nodes = New<V1Node>(client, time);
        services = New<V1Alpha1InferenceService>(client, time);
        pods.AddEventHandler(OnPod, (_, pod) => OnPod(pod));
        services.AddEventHandler(s => OnStatus(null, s), OnStatus);
        foreach (var informer in (IInformer[])[nodes, pods, services])
        {
            running.Add(informer.RunAsync(stopping.Token));
        }
    }

    public IReadOnlyCollection<string> Violations => violations;

    /// <summary>Statuses that were seen and checked.</summary>
    public long Statuses => statuses;

    public Lister<V1Pod> Pods => pods.Lister;

    public Lister<V1Alpha1InferenceService> Services => services.Lister;

    public static async Task<InvariantWatch> StartAsync(IKubernetesClient client, TimeProvider time, CancellationToken cancellationToken)
    {
        var watch = new InvariantWatch(client, time);
        await Task.WhenAll(watch.pods.WaitForSyncAsync(cancellationToken), watch.nodes.WaitForSyncAsync(cancellationToken), watch.services.WaitForSyncAsync(cancellationToken));
        return watch;
    }

    /// <summary>To be told after a user's write: the generation that it led to.</summary>
    public void UserWrote(V1Alpha1InferenceService service) => userGenerations[service.Metadata.Uid!] = service.Metadata.Generation ?? 0;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        try
        {
            await Task.WhenAll(running);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end of the watch.
        }

        stopping.Dispose();
    }

    private static SharedInformer<T> New<T>(IKubernetesClient client, TimeProvider time) where T : class, IKubernetesObject =>
        new(client, new InformerOptions(), time, NullLogger.Instance);

    private void OnPod(V1Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null && pod.Metadata.DeletionGracePeriodSeconds is { } grace && grace < pod.Spec!.TerminationGracePeriodSeconds
            && pod.Spec.NodeName is { Length: > 0 } at && nodes.Lister.Get(new NamespacedName(null, at)) is { } node && IsReady(node) && !IsFinished(pod))
        {
            violations.Enqueue($"pod {pod.Metadata.Name} gets {grace} s to end instead of {pod.Spec.TerminationGracePeriodSeconds}");
        }

        foreach (var state in nodes.Lister.List().Select(n => NodeState.Of(n, [.. pods.Lister.List().Where(p => p.Spec?.NodeName == n.Metadata.Name && !IsFinished(p))])))
        {
            if (state.Requested.GetValueOrDefault(ServiceWish.Resource) > state.Allocatable.GetValueOrDefault(ServiceWish.Resource))
            {
                violations.Enqueue($"{state.Name} gives {state.Requested[ServiceWish.Resource]} of {state.Allocatable.GetValueOrDefault(ServiceWish.Resource)} accelerators");
            }
        }
    }

    private void OnStatus(V1Alpha1InferenceService? before, V1Alpha1InferenceService now)
    {
        var name = $"{now.Metadata.Name} at {now.Metadata.ResourceVersion}";
        if (before?.Metadata.Uid == now.Metadata.Uid && userGenerations.TryGetValue(now.Metadata.Uid!, out var allowed) && now.Metadata.DeletionTimestamp is null && now.Metadata.Generation > allowed + 1)
        {
            violations.Enqueue($"{name}: generation {now.Metadata.Generation}, but the user's last write led to {allowed}");
        }

        if (now.Status is null)
        {
            return;
        }

        Interlocked.Increment(ref statuses);
        foreach (var error in StatusRules.Check(before?.Metadata.Uid == now.Metadata.Uid ? before : null, now, ChaosRun.Skew))
        {
            violations.Enqueue($"{name}: {error}");
        }
    }

    private static bool IsFinished(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    private static bool IsReady(V1Node node) => node.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;
}
