using Octavo.KubernetesClient.Models;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Workloads;

/// <summary>What a live workload is and tells, whatever its kind. Counts are of replicas: of pods, or of groups of pods where a replica spans nodes.</summary>
internal sealed record WorkloadState
{
    /// <summary>As in "Deployment".</summary>
    public required string Kind { get; init; }

    /// <summary>The object as it was read.</summary>
    public required IKubernetesObject Object { get; init; }

    public V1ObjectMeta Metadata => Object.Metadata;

    /// <summary>Null: it has none yet.</summary>
    public LiveTemplate? Template { get; init; }

    /// <summary>Hash of the template, which its pods carry too.</summary>
    public string? TemplateHash => TemplateRecord.HashOf(Template?.Template);

    /// <summary>spec.replicas.</summary>
    public int? WantedReplicas { get; init; }

    public int Replicas { get; init; }

    /// <summary>Of the current template.</summary>
    public int UpdatedReplicas { get; init; }

    /// <summary>Of any template.</summary>
    public int ReadyReplicas { get; init; }

    public int AvailableReplicas { get; init; }

    /// <summary>The status speaks of the spec as it is.</summary>
    public bool IsObserved { get; init; }

    /// <summary>Null: the kind has no such bound, or none is set.</summary>
    public int? MaxSurge { get; init; }

    public bool IsPaused { get; init; }

    /// <summary>The workload's controller has given up on the rollout; null where it has not.</summary>
    public WorkloadTrouble? Stuck { get; init; }

    /// <summary>Pods cannot be made (a quota, mostly); null where they can.</summary>
    public WorkloadTrouble? CannotCreatePods { get; init; }
}
