using Octavo.KubernetesClient.Models;
using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The status of an InferenceService.</summary>
public sealed record InferenceServiceStatus
{
    /// <summary>The metadata.generation that this status speaks of.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Replicas that exist.</summary>
    public int? Replicas { get; init; }

    /// <summary>Replicas that are ready for requests.</summary>
    public int? ReadyReplicas { get; init; }

    /// <summary>Replicas that the operator wants: spec.replicas, or the autoscaler's last decision.</summary>
    public int? DesiredReplicas { get; init; }

    /// <summary>Label selector of the pods, for the scale subresource.</summary>
    public string? Selector { get; init; }

    /// <summary>Address of the OpenAI-compatible API within the cluster.</summary>
    public string? Url { get; init; }

    /// <summary>Conditions: Ready, ModelReady, WorkloadReady, Progressing, ScalingActive; Reconciling and Stalled only while they are true.</summary>
    [Schema(ListType = "map", ListMapKeys = ["type"])]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }

    /// <summary>What the autoscaler sees and did.</summary>
    public AutoscalingStatus? Autoscaling { get; init; }

    /// <summary>Where the time went when a replica started last.</summary>
    public StartupStatus? Startup { get; init; }
}
