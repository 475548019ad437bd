using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>The pod that the API server makes of a template. Pure.</summary>
internal static class AdmittedPod
{
    /// <summary>
    /// Clusters add to pods on admission: a toleration for the taint of accelerator nodes, a node selector of the namespace or of a RuntimeClass, an
    /// overhead. What a live pod has beyond the template that it was made from is expected of the next pod too; what the template itself brought is not,
    /// since the new template may have dropped it.
    /// </summary>
    public static V1Pod Of(V1PodTemplateSpec template, V1Pod? live, V1PodTemplateSpec? liveTemplate)
    {
        var spec = template.Spec ?? new V1PodSpec();
        if (live?.Spec is { } admitted && liveTemplate?.Spec is { } origin)
        {
            var selector = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (key, value) in (admitted.NodeSelector ?? new Dictionary<string, string>())
                .Where(s => origin.NodeSelector?.ContainsKey(s.Key) != true)
                .Concat(spec.NodeSelector ?? new Dictionary<string, string>()))
            {
                selector[key] = value;
            }

            spec = spec with
            {
                NodeSelector = selector.Count > 0 ? selector : null,
                Tolerations = [.. spec.Tolerations ?? [], .. (admitted.Tolerations ?? []).Where(t => origin.Tolerations?.Any(o => Same(o, t)) != true)],
                Overhead = spec.Overhead ?? admitted.Overhead,
            };
        }

        return new V1Pod { Metadata = (template.Metadata ?? new V1ObjectMeta()) with { Name = "next" }, Spec = spec };
    }

    private static bool Same(V1Toleration first, V1Toleration second) =>
        (first.Key ?? "") == (second.Key ?? "")
        && (first.Operator ?? "Equal") == (second.Operator ?? "Equal")
        && (first.Value ?? "") == (second.Value ?? "")
        && (first.Effect ?? "") == (second.Effect ?? "");
}
