using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>The pods of all hollow nodes: each is looked at when it changes and when its script says that it will.</summary>
/// <param name="isAlive">Whether this node is one of ours and beats.</param>
internal sealed class HollowPods(IKubernetesClient client, HollowNodesOptions options, Func<string, bool> isAlive, TimeProvider time, ILogger logger)
    : QueueController("hollow-pods", time, logger)
{
    private const string ByNode = "node";
    private static readonly WriteOptions NodeWrite = new() { FieldManager = "octavo-node" };

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<NamespacedName> killed = new();
    private SharedInformer<V1Pod>? informer;
    private int addresses;

    public IReadOnlyCollection<NamespacedName> Killed => killed;

    public void Follow(SharedInformer<V1Pod> pods)
    {
        informer = pods;
        pods.AddIndex(ByNode, static pod => pod.Spec?.NodeName is { Length: > 0 } node ? [node] : []);
        pods.AddEventHandler(pod => Queue.Add(NamespacedName.Of(pod)), (_, pod) => Queue.Add(NamespacedName.Of(pod)), pod => entries.TryRemove(pod.Metadata.Uid!, out _));
    }

    /// <summary>After a node came back.</summary>
    public void LookAgain(string node)
    {
        foreach (var pod in informer!.Lister.ByIndex(ByNode, node))
        {
            Queue.Add(NamespacedName.Of(pod));
        }
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informer!.Lister.Get(key) is not { } pod || !isAlive(pod.Spec!.NodeName!))
        {
            return null;
        }

        var now = Time.GetUtcNow();
        var entry = entries.GetOrAdd(pod.Metadata.Uid!, _ => new Entry(options.Script(pod), pod.Status?.PodIP ?? Address(pod), pod.Status?.StartTime ?? now));
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            entry.Deleted ??= now;
        }
        else if (PodReadiness.IsFinished(pod))
        {
            return null;
        }

        var moment = HollowPodPlanner.At(pod, entry.Script, entry.Address, entry.Bound, entry.Deleted, now, options.Timings);
        if (!moment.HasEnded || pod.Metadata.Finalizers is { Count: > 0 })
        {
            await WriteAsync(pod, entry, moment.Snapshot, now, cancellationToken).ConfigureAwait(false);
        }

        if (moment.HasEnded)
        {
            await EndAsync(pod, entry, moment.WasKilled, cancellationToken).ConfigureAwait(false);
        }

        return moment.Next - now;
    }

    private async Task WriteAsync(V1Pod pod, Entry entry, PodSnapshot snapshot, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var status = KubernetesJson.ToNode(PodStatusBuilder.Build(pod, snapshot, now)).AsObject();
        if (JsonNode.DeepEquals(entry.Written, status))
        {
            return;
        }

        await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, PodStatusPatch.Build(pod, status, entry.Written), "status", NodeWrite, cancellationToken).ConfigureAwait(false);
        entry.Written = status;
    }

    private async Task EndAsync(V1Pod pod, Entry entry, bool wasKilled, CancellationToken cancellationToken)
    {
        if (entry.IsEnding)
        {
            return; // Asked for already; a finalizer holds the object.
        }

        try
        {
            await client.DeleteAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty,
                new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It went another way.
        }

        entry.IsEnding = true;
        if (wasKilled)
        {
            killed.Enqueue(NamespacedName.Of(pod));
        }
    }

    private string Address(V1Pod pod)
    {
        if (options.Address is { } chosen)
        {
            return chosen(pod);
        }

        var number = Interlocked.Increment(ref addresses);
        return $"10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}";
    }

    /// <summary>Changed only by the one worker that has the pod.</summary>
    private sealed class Entry(PodScript script, string address, DateTimeOffset bound)
    {
        public PodScript Script { get; } = script;
        public string Address { get; } = address;
        public DateTimeOffset Bound { get; } = bound;
        public DateTimeOffset? Deleted { get; set; }
        public JsonObject? Written { get; set; }
        public bool IsEnding { get; set; }
    }
}
