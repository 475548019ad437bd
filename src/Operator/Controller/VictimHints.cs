using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;

namespace Octavo.Operator.Controller;

/// <summary>
/// Before replicas are removed, marks each pod with what losing it would cost, by the annotation that the ReplicaSet controller reads: it removes
/// the pod of the lowest cost among those that are ready. Written only then, since the controllers advise against frequent updates.
/// </summary>
internal sealed class VictimHints(IKubernetesClient client)
{
    public const string Annotation = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>Weighs a running request against the whole range of the hit rate.</summary>
    private const int CostOfRunningRequest = 1000;

    public async Task WriteAsync(ObservedState observed, CancellationToken cancellationToken)
    {
        foreach (var (pod, cost) in Plan(observed.Pods, observed.Autoscaler?.Loads ?? new Dictionary<string, ReplicaLoad>()))
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Annotation] = cost } } };
            try
            {
                await client.PatchAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.MergePatch), null, null, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.IsNotFound)
            {
                // It is gone already, which is what removing was about.
            }
        }
    }

    /// <summary>
    /// Fewest running requests first, then the lowest hit rate: that cache is worth least. A replica of unknown load gets no cost and goes before
    /// all others: one that does not tell its metrics is likelier sick than busy. Pods whose annotation is right already are left out.
    /// </summary>
    public static IEnumerable<(V1Pod Pod, string Cost)> Plan(IReadOnlyList<V1Pod> pods, IReadOnlyDictionary<string, ReplicaLoad> loads)
    {
        foreach (var pod in pods.Where(p => p.Metadata.DeletionTimestamp is null))
        {
            if (!loads.TryGetValue(pod.Metadata.Name!, out var load))
            {
                continue;
            }

            var cost = Math.Min(1_000_000, (load.Running + load.Waiting) * CostOfRunningRequest) + Math.Round((load.CacheHitRate ?? 0) * (CostOfRunningRequest - 1)) + 1;
            var text = ((int)cost).ToString(CultureInfo.InvariantCulture);
            if (pod.Metadata.Annotations?.GetValueOrDefault(Annotation) != text)
            {
                yield return (pod, text);
            }
        }
    }
}
