using System.Globalization;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>
/// Before replicas are removed, marks each pod with what losing it would cost, by the annotation that the ReplicaSet controller reads: it removes
/// the pod of the lowest cost among those that are ready. Written only then, since the controllers advise against frequent updates.
/// </summary>
internal sealed class VictimHints(IKubernetesClient client)
{
    public const string Annotation = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>Costs of one level of worth; requests decide within it.</summary>
    private const int LevelCost = 10_000;

    /// <summary>Levels to the worth of a mean replica's whole traffic.</summary>
    private const int Levels = 10;

    /// <summary>A cache that saves more than ten replicas' traffic is worth no more.</summary>
    private const int MostLevels = 10 * Levels;

    private static readonly ApplyOptions Options = new() { FieldManager = ServingObjectMeta.FieldManager, Force = true };

    public async Task WriteAsync(ObservedState observed, CancellationToken cancellationToken)
    {
        foreach (var (pod, cost) in Plan(observed.Pods, observed.Autoscaler?.Loads ?? new Dictionary<string, ReplicaLoad>()))
        {
            // All that the operator wants of a pod is in this body; without a cost that is nothing. The uid keeps the apply from making a pod that is gone.
            var body = new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = pod.Metadata.Name,
                    NamespaceProperty = pod.Metadata.NamespaceProperty,
                    Uid = pod.Metadata.Uid,
                    Annotations = cost is null ? null : new Dictionary<string, string> { [Annotation] = cost },
                },
            };
            try
            {
                await client.ApplyAsync(body, Options, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.IsNotFound || e.IsConflict || e.IsInvalid)
            {
                // It is gone already, or another has its name, which is what removing was about.
            }
        }
    }

    /// <summary>
    /// The least valuable cache first: running requests are drained and not lost, but what a cache saves is gone with it. Its worth is the prompt
    /// tokens that it saved a second within the last minute, in tenths of what a replica is asked on average: so caches that all save little are
    /// equal, and of equals the one with the fewest requests goes. Before rates are known the hit rate stands for the worth. A replica of unknown load
    /// gets no cost (null), and loses that of an earlier time, and goes before all others: one that does not tell its metrics is likelier sick than busy. Pods whose annotation is right
    /// already are left out.
    /// </summary>
    public static IEnumerable<(V1Pod Pod, string? Cost)> Plan(IReadOnlyList<V1Pod> pods, IReadOnlyDictionary<string, ReplicaLoad> loads)
    {
        var living = pods.Where(p => p.Metadata.DeletionTimestamp is null).ToLookup(p => loads.ContainsKey(p.Metadata.Name!));
        var known = living[true].Select(p => (Pod: p, Load: loads[p.Metadata.Name!])).ToList();
        var rated = known.Where(k => k.Load.Rates is { PromptTokensPerSecond: not null, CacheHitTokensPerSecond: not null }).ToList();
        var asked = rated.Count == known.Count && known.Count > 0 ? rated.Average(k => k.Load.Rates!.PromptTokensPerSecond!.Value) : 0;
        foreach (var (pod, load) in known)
        {
            var worth = asked > 0 ? load.Rates!.CacheHitTokensPerSecond!.Value / asked : load.CacheHitRate ?? 0;
            var level = Math.Min(MostLevels, Math.Round(worth * Levels));
            var cost = level * LevelCost + Math.Min(LevelCost - 1, 1 + load.Running + load.Waiting);
            var text = ((int)cost).ToString(CultureInfo.InvariantCulture);
            if (pod.Metadata.Annotations?.GetValueOrDefault(Annotation) != text)
            {
                yield return (pod, text);
            }
        }

        foreach (var pod in living[false].Where(IsOurs))
        {
            yield return (pod, null);
        }
    }

    private static bool IsOurs(V1Pod pod) => ManagedFields.Owners(pod.Metadata, "metadata", "annotations", Annotation).Any(o => o is { Manager: ServingObjectMeta.FieldManager, IsApply: true });
}
