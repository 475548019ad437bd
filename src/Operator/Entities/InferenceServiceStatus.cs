using Octavo.KubernetesClient.Models;
using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The status of an InferenceService.</summary>
public sealed record InferenceServiceStatus
{
    /// <summary>The metadata.generation that this status speaks of; -1 before the operator wrote one.</summary>
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

    /// <summary>Conditions: Ready, ModelReady, WorkloadReady and Progressing; ScalingActive, MonitoringReady and RoutingReady where the spec asks for them; RolloutPlanned, Reconciling and Stalled only while they are true.</summary>
    [Schema(ListType = "map", ListMapKeys = ["type"])]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }

    /// <summary>What the autoscaler sees and did.</summary>
    public AutoscalingStatus? Autoscaling { get; init; }

    /// <summary>Where the time went when a replica started last.</summary>
    public StartupStatus? Startup { get; init; }

    /// <summary>The model's files, and how far their fetch has come.</summary>
    public ModelStatus? Model { get; init; }

    /// <summary>How far the replacement of replicas has come.</summary>
    public RolloutStatus? Rollout { get; init; }

    /// <summary>The pod template in use, which an upgrade of the operator leaves as it is.</summary>
    public TemplateStatus? Template { get; init; }

    /// <summary>Deployments of others whose pods serve the model as a sidecar; absent: none.</summary>
    public int? SidecarDeployments { get; init; }

    /// <summary>Accelerators that the service needs, and that nodes have free for it.</summary>
    public AcceleratorStatus? Accelerators { get; init; }
}
