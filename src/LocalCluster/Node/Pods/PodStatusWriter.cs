using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>Writes a pod's status whenever it differs from what was written last.</summary>
internal sealed partial class PodStatusWriter(NodeServices node, PodState state)
{
    private readonly ILogger logger = node.Logger;
    private JsonObject? written;

    /// <summary>Writes until cancelled; tells once that the object does not exist any more.</summary>
    public async Task RunAsync(Action onGone, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await WriteAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
                {
                    // Another object may carry the name by now: ours is gone either way.
                    onGone();
                    return;
                }
                catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException)
                {
                    LogRetry(state.Pod.Metadata.NamespaceProperty, state.Pod.Metadata.Name, exception);
                    await Task.Delay(node.Timings.Retry, node.Time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await state.Changes.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
                state.Changes.TryRead(out _);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The pod has ended; its last status is written by the worker.
        }
    }

    /// <summary>Writes once if there is something new; throws what the client throws.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var pod = state.Pod;
        var built = PodStatusBuilder.Build(pod, state.Snapshot, node.Time.GetUtcNow());
        var status = KubernetesJson.ToNode(built).AsObject();
        if (JsonNode.DeepEquals(written, status))
        {
            return;
        }

        await node.Client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, PodStatusPatch.Build(pod, status, written),
            "status", new WriteOptions { FieldManager = "octavo-node" }, cancellationToken).ConfigureAwait(false);
        written = status;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the status of pod {Namespace}/{Name} could not be written and is tried again")]
    private partial void LogRetry(string? @namespace, string? name, Exception exception);
}
