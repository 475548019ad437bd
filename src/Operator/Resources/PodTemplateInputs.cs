using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Sidecar;

namespace Octavo.Operator.Resources;

/// <summary>All that a pod template is built from.</summary>
internal sealed record PodTemplateInputs
{
    public required V1Alpha1InferenceService Service { get; init; }

    public required ModelSource Model { get; init; }

    public required IRuntimeDialect Dialect { get; init; }

    public required string RuntimeImage { get; init; }

    /// <summary>Of the init container.</summary>
    public required string FetchImage { get; init; }

    /// <summary>Revision of the code whose form is wanted: one of <see cref="ServingPodTemplate.Revisions"/>.</summary>
    public string Revision { get; init; } = ServingPodTemplate.Revision;

    /// <summary>A pod that computes for another of the same replica, and answers no request.</summary>
    public bool IsWorker { get; init; }

    /// <summary>The containers join somebody else's pod, and answer on its localhost alone; null: the pod is the service's own.</summary>
    public SidecarRequest? Sidecar { get; init; }

    /// <summary>The form of release 0.1.</summary>
    public bool IsFirstRevision => Revision == ServingPodTemplate.FirstRevision;

    /// <summary>Nodes that a replica spans.</summary>
    public int Nodes => Service.Spec.Accelerator?.Nodes ?? 1;
}
