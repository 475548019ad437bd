using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Templates;

/// <summary>
/// What of a spec the pod template is made from. As long as it stays the same, so does the template in use, whatever an operator of another release would
/// build from it. So it is an explicit projection: what is no matter of the pods (how many there are, how they are replaced, how large a claim may get) is
/// not in it, and a field that is absent leaves no trace, so that fields can be added to the spec.
/// </summary>
internal sealed record TemplateWishes
{
    public required ModelSpec Model { get; init; }

    public RuntimeSpec? Runtime { get; init; }

    /// <summary>With the schema's defaults, whether the API server has written them or not.</summary>
    public AcceleratorSpec? Accelerator { get; init; }

    public ResourceRequirementsSpec? Resources { get; init; }

    public PodTemplateSpec? PodTemplate { get; init; }

    public int? DrainSeconds { get; init; }

    /// <summary>The claim that the model is fetched to; null: the node's disk.</summary>
    public string? ModelClaim { get; init; }

    /// <summary>Most that the model may take on the node's disk. The size of a claim is not the pods' matter.</summary>
    public string? ModelSizeLimit { get; init; }

    /// <summary>"Job" where a Job fetches the model and not the pods; null: the pods do.</summary>
    public string? Fill { get; init; }

    /// <summary>Of the pods' own fetch.</summary>
    public int? FetchDeadlineSeconds { get; init; }

    public static TemplateWishes Of(V1Alpha1InferenceService service)
    {
        var spec = service.Spec;
        var claim = spec.Storage?.ClaimName ?? (ModelStorage.Build(service) is null ? null : ModelStorage.ClaimName(service));
        return new TemplateWishes
        {
            Model = spec.Model,
            Runtime = spec.Runtime,
            Accelerator = spec.Accelerator is { } accelerator
                ? accelerator with { Resource = accelerator.Resource ?? AcceleratorSpec.DefaultResource, Count = accelerator.Count ?? 1 }
                : null,
            Resources = spec.Resources,
            PodTemplate = spec.PodTemplate,
            DrainSeconds = spec.Rollout?.DrainSeconds,
            ModelClaim = claim,
            ModelSizeLimit = claim is null ? spec.Storage?.Size?.Text : null,
            Fill = spec.Storage?.Fill is ModelSource.FillByJob and var fill ? fill : null,
            // Where a Job fetches, its time is no matter of the pods.
            FetchDeadlineSeconds = spec.Storage?.Fill is ModelSource.FillByJob ? null : spec.Storage?.DeadlineSeconds,
        };
    }

    public string Hash() => AppliedFields.Hash(CanonicalJson.Of(KubernetesJson.ToNode(this))!);

    /// <summary>How release 0.1 told wishes: the spec as it came, but for the number of replicas. Its Deployments carry this hash and have no record.</summary>
    public static string HashOfRelease01(V1Alpha1InferenceService service) =>
        AppliedFields.Hash(KubernetesJson.ToNode(service.Spec with { Replicas = null, Autoscaling = null }) as JsonObject ?? []);
}
