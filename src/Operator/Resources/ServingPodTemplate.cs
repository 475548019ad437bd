using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Templates;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>
/// The pods of an InferenceService: an init container that makes the model's files present, then the runtime. Pods run under the restricted pod
/// security standard. Templates in use are recorded, so that a change of this code rolls nothing: raise <see cref="Revision"/> with it, and keep building the
/// forms of <see cref="Revisions"/>, from which a record that is lost is made again.
/// </summary>
internal static class ServingPodTemplate
{
    /// <summary>Of the code that builds new templates.</summary>
    public const string Revision = "2";

    /// <summary>Of release 0.1, which knew the dialect Octavo alone.</summary>
    public const string FirstRevision = "1";

    public const string ModelContainer = "model";
    public const string RuntimeContainer = "runtime";
    public const int DefaultDrainSeconds = 30;

    /// <summary>All that can be built.</summary>
    public static readonly IReadOnlyList<string> Revisions = [Revision, FirstRevision];

    public static int DrainSeconds(V1Alpha1InferenceService service) => service.Spec.Rollout?.DrainSeconds ?? DefaultDrainSeconds;

    /// <summary>The image of a container in a template; null where there is none of that name.</summary>
    public static string? ImageOf(V1PodTemplateSpec? template, string container) =>
        (template?.Spec?.Containers ?? []).Concat(template?.Spec?.InitContainers ?? []).FirstOrDefault(c => c.Name == container)?.Image;

    /// <summary>The templates of a replica's pods, annotated with their hash.</summary>
    public static PodTemplates Build(PodTemplateInputs inputs)
    {
        var main = Pod(inputs);
        if (inputs.Nodes == 1)
        {
            return new PodTemplates(WithHash(main, AppliedFields.Hash(KubernetesJson.ToNode(main))));
        }

        var worker = Pod(inputs with { IsWorker = true });
        var hash = AppliedFields.Hash(new JsonArray(KubernetesJson.ToNode(main), KubernetesJson.ToNode(worker)));
        return new PodTemplates(WithHash(main, hash), WithHash(worker, hash));
    }

    private static V1PodTemplateSpec Pod(PodTemplateInputs inputs)
    {
        var service = inputs.Service;
        var spec = service.Spec;
        var pod = new V1PodSpec
        {
            InitContainers = FetchContainer.IsNeeded(inputs) ? [FetchContainer.Build(inputs)] : null,
            Containers = [ServingContainer.Build(inputs)],
            Volumes = PodVolumes.Of(inputs),
            NodeSelector = spec.Accelerator?.NodeSelector,
            Affinity = spec.PodTemplate?.Affinity,
            Tolerations = PodPlacement.Tolerations(inputs),
            TopologySpreadConstraints = PodPlacement.SpreadOverNodes(service),
            ServiceAccountName = spec.PodTemplate?.ServiceAccountName,
            AutomountServiceAccountToken = false,
            ImagePullSecrets = spec.PodTemplate?.ImagePullSecrets?.Select(s => new V1LocalObjectReference { Name = s.Name }).ToList(),
            PriorityClassName = spec.PodTemplate?.PriorityClassName,
            RuntimeClassName = spec.Accelerator?.RuntimeClassName,
            TerminationGracePeriodSeconds = inputs.Dialect.Ending(inputs).GraceSeconds,
            SecurityContext = PodSafety.OfPod(inputs),
            EnableServiceLinks = false,
        };
        return new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = PodLabels(inputs), Annotations = spec.PodTemplate?.Metadata?.Annotations }, Spec = pod };
    }

    private static V1PodTemplateSpec WithHash(V1PodTemplateSpec template, string hash)
    {
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in template.Metadata!.Annotations ?? new Dictionary<string, string>())
        {
            annotations[name] = value;
        }

        annotations[ServingObjectMeta.TemplateHash] = hash;
        return template with { Metadata = template.Metadata with { Annotations = annotations } };
    }

    private static SortedDictionary<string, string> PodLabels(PodTemplateInputs inputs)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (inputs.Service.Spec.PodTemplate?.Metadata?.Labels ?? new Dictionary<string, string>()).Concat(ServingObjectMeta.Labels(inputs.Service)))
        {
            labels[name] = value;
        }

        if (!inputs.IsFirstRevision)
        {
            labels[ServingLabels.EngineType] = inputs.Dialect.EngineType;
        }

        return labels;
    }
}
