using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The spec of an InferenceService.</summary>
[ValidationRule("!(has(self.replicas) && has(self.autoscaling))", "replicas and autoscaling exclude each other")]
[ValidationRule("(has(self.runtime) && has(self.runtime.engine) && has(self.runtime.engine.tensorParallelSize) ? self.runtime.engine.tensorParallelSize : 1) * (has(self.runtime) && has(self.runtime.engine) && has(self.runtime.engine.pipelineParallelSize) ? self.runtime.engine.pipelineParallelSize : 1) <= (has(self.accelerator) && has(self.accelerator.count) ? self.accelerator.count : 1) * (has(self.accelerator) && has(self.accelerator.nodes) ? self.accelerator.nodes : 1)",
    "tensorParallelSize times pipelineParallelSize must not exceed accelerator.count times accelerator.nodes", FieldPath = ".runtime.engine.tensorParallelSize")]
[ValidationRule("(has(self.accelerator) && has(self.accelerator.nodes) && self.accelerator.nodes > 1) == (has(oldSelf.accelerator) && has(oldSelf.accelerator.nodes) && oldSelf.accelerator.nodes > 1)",
    "a replica on one node cannot become one on several, nor the other way round: make another InferenceService", Reason = "FieldValueForbidden", FieldPath = ".accelerator.nodes")]
[ValidationRule("!has(self.accelerator) || !has(self.accelerator.resource) || !has(self.resources) || !((has(self.resources.requests) && self.accelerator.resource in self.resources.requests) || (has(self.resources.limits) && self.accelerator.resource in self.resources.limits))",
    "accelerators are asked for in accelerator.count, not in resources", Reason = "FieldValueForbidden", FieldPath = ".resources")]
public sealed record InferenceServiceSpec
{
    /// <summary>The model: where its files come from and under which names it is served.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The program that serves the model, and its settings.</summary>
    public RuntimeSpec? Runtime { get; init; }

    /// <summary>
    /// Accelerators of each replica. Absent: the replica computes on CPU. They need an image that can use them: that of spec.runtime.image, or the
    /// operator's --accelerator-runtime-image; without either the service is refused with the reason AcceleratorNotSupported.
    /// </summary>
    public AcceleratorSpec? Accelerator { get; init; }

    /// <summary>CPU, memory and other resources of the serving container. Accelerators are added from spec.accelerator.</summary>
    public ResourceRequirementsSpec? Resources { get; init; }

    /// <summary>What else the pods carry: a short list, because an inlined PodSpec would make this definition too large to apply.</summary>
    public PodTemplateSpec? PodTemplate { get; init; }

    /// <summary>Fixed number of replicas; excludes autoscaling. Absent without autoscaling: 1. There is no default in the schema, so that kubectl scale and GitOps do not fight over the field.</summary>
    [Schema(Minimum = 0, Maximum = 1000)]
    public int? Replicas { get; init; }

    /// <summary>Bounds and targets within which the operator chooses the number of replicas.</summary>
    public AutoscalingSpec? Autoscaling { get; init; }

    /// <summary>Where fetched models lie. Absent: on the node's disk, and each replica fetches its own copy.</summary>
    public StorageSpec? Storage { get; init; }

    /// <summary>How replicas are replaced and ended.</summary>
    public RolloutSpec? Rollout { get; init; }

    /// <summary>Objects of the Prometheus Operator for this service, where the cluster has their kinds.</summary>
    public MonitoringSpec? Monitoring { get; init; }

    /// <summary>Objects of the Gateway API for this service, where the cluster has their kinds.</summary>
    public GatewaySpec? Gateway { get; init; }
}
