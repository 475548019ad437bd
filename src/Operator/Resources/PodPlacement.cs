using System.Text.Json;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>Where pods may run.</summary>
internal static class PodPlacement
{
    private const string SlicePrefix = "nvidia.com/mig-";

    /// <summary>The user's tolerations, and one for the taint that keeps others from nodes with accelerators: by custom it is named as their resource.</summary>
    public static IReadOnlyList<V1Toleration>? Tolerations(PodTemplateInputs inputs)
    {
        if (inputs.Service.Spec.Accelerator is not { } accelerator)
        {
            return null;
        }

        var wished = accelerator.Tolerations?.Select(Toleration).ToList();
        if (inputs.IsFirstRevision)
        {
            return wished;
        }

        var resource = accelerator.Resource ?? AcceleratorSpec.DefaultResource;
        IEnumerable<string> taints = resource.StartsWith(SlicePrefix, StringComparison.Ordinal) ? [resource, AcceleratorSpec.DefaultResource] : [resource];
        return
        [
            .. wished ?? [],
            .. taints.Where(key => wished?.Any(t => t.Key == key || string.IsNullOrEmpty(t.Key)) != true)
                .Select(key => new V1Toleration { Key = key, Operator = "Exists", Effect = "NoSchedule" }),
        ];
    }

    /// <summary>Softly: a replica on a full node is better than a replica that waits.</summary>
    public static JsonElement SpreadOverNodes(V1Alpha1InferenceService service) => JsonSerializer.SerializeToElement<object[]>(
    [
        new
        {
            maxSkew = 1,
            topologyKey = "kubernetes.io/hostname",
            whenUnsatisfiable = "ScheduleAnyway",
            labelSelector = new { matchLabels = ServingObjectMeta.SelectorLabels(service) },
        },
    ]);

    private static V1Toleration Toleration(TolerationSpec toleration) => new()
    {
        Key = toleration.Key,
        Operator = toleration.Operator,
        Value = toleration.Value,
        Effect = toleration.Effect,
        TolerationSeconds = toleration.TolerationSeconds,
    };
}
