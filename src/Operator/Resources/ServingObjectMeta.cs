using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Workloads;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>Names, labels and ownership that all objects of one InferenceService share.</summary>
internal static class ServingObjectMeta
{
    /// <summary>Field manager of every write.</summary>
    public const string FieldManager = "octavo-operator";

    /// <summary>Value of <see cref="ServingLabels.AppName"/> on everything the operator makes.</summary>
    public const string AppName = "octavo-serving";

    /// <summary>Selects, for informers, what the operator made.</summary>
    public const string ManagedSelector = ServingLabels.ManagedBy + "=" + FieldManager;

    /// <summary>Annotation: hash of the fields last applied. A field that is no longer wanted leaves no other trace in the live object.</summary>
    public const string AppliedHash = "serving.octavo.dev/applied-hash";

    /// <summary>Annotation on workload and record: hash of the user's wishes that the pod template was made from.</summary>
    public const string TemplateSource = "serving.octavo.dev/template-source";

    /// <summary>Annotation on workload and record: revision of the code that made the pod template.</summary>
    public const string TemplateRevision = "serving.octavo.dev/template-revision";

    /// <summary>Annotation on the pod template: its hash, by which pods of the current template are told from older ones.</summary>
    public const string TemplateHash = "serving.octavo.dev/template-hash";

    /// <summary>Deployment and Service carry the InferenceService's own name.</summary>
    public static string NameOf(V1Alpha1InferenceService service) => service.Metadata.Name!;

    /// <summary>Names under which the model is served; the first is the canonical one.</summary>
    public static IReadOnlyList<string> ModelNames(V1Alpha1InferenceService service) =>
        [.. (service.Spec.Model.Aliases ?? []).Prepend(service.Spec.Model.Name ?? NameOf(service)).Distinct(StringComparer.Ordinal)];

    public static IReadOnlyDictionary<string, string> SelectorLabels(V1Alpha1InferenceService service) => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        [ServingLabels.AppName] = AppName,
        [ServingLabels.InferenceService] = NameOf(service),
    };

    /// <summary>Selects the pods that answer requests: of a replica that spans nodes, the first.</summary>
    public static IReadOnlyDictionary<string, string> AnsweringLabels(V1Alpha1InferenceService service) => service.Spec.Accelerator?.Nodes > 1
        ? new SortedDictionary<string, string>(SelectorLabels(service).ToDictionary(), StringComparer.Ordinal) { [V1LeaderWorkerSet.WorkerIndexLabel] = "0" }
        : SelectorLabels(service);

    public static IReadOnlyDictionary<string, string> Labels(V1Alpha1InferenceService service) => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        [ServingLabels.AppName] = AppName,
        [ServingLabels.AppInstance] = NameOf(service),
        [ServingLabels.ManagedBy] = FieldManager,
        [ServingLabels.InferenceService] = NameOf(service),
    };

    /// <summary>The selector as text, as the scale subresource gives it to a HorizontalPodAutoscaler.</summary>
    public static string SelectorText(V1Alpha1InferenceService service) => string.Join(',', AnsweringLabels(service).Select(l => $"{l.Key}={l.Value}"));

    public static V1ObjectMeta Create(V1Alpha1InferenceService service, IReadOnlyDictionary<string, string>? annotations = null) => new()
    {
        Name = NameOf(service),
        NamespaceProperty = service.Metadata.NamespaceProperty,
        Labels = Labels(service),
        Annotations = annotations,
        OwnerReferences =
        [
            new V1OwnerReference
            {
                ApiVersion = V1Alpha1InferenceService.GroupVersion,
                Kind = V1Alpha1InferenceService.EntityKind,
                Name = NameOf(service),
                Uid = service.Metadata.Uid!,
                Controller = true,
                BlockOwnerDeletion = true,
            },
        ],
    };

    /// <summary>How an object that has the name of a child stands to the service.</summary>
    public static Ownership OwnershipOf(V1Alpha1InferenceService service, V1ObjectMeta child)
    {
        if (Controls(service, child))
        {
            return Ownership.Own;
        }

        var controller = child.OwnerReferences?.FirstOrDefault(o => o.Controller == true);
        var isLabelled = child.Labels?.GetValueOrDefault(ServingLabels.ManagedBy) == FieldManager && child.Labels.GetValueOrDefault(ServingLabels.InferenceService) == NameOf(service);
        return controller switch
        {
            null when !isLabelled => Ownership.Foreign,
            null => child.DeletionTimestamp is null ? Ownership.Orphan : Ownership.Leaving,
            { Kind: V1Alpha1InferenceService.EntityKind } when controller.Name == NameOf(service) && controller.ApiVersion.StartsWith(ServingLabels.Group + "/", StringComparison.Ordinal) => Ownership.Leaving,
            _ => Ownership.Foreign,
        };
    }

    /// <summary>Whether the object is this InferenceService's own, not another's of the same name.</summary>
    public static bool Controls(V1Alpha1InferenceService service, V1ObjectMeta child) =>
        child.OwnerReferences?.Any(o => o.Controller == true && o.Uid == service.Metadata.Uid) == true;
}
