using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;
using Octavo.Operator.Storage;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Controller;

/// <summary>What one reconcile sees, taken once at its beginning. Immutable, so that plans and conditions are pure functions of it.</summary>
internal sealed record ObservedState
{
    public required V1Alpha1InferenceService Service { get; init; }

    /// <summary>What keeps the replicas; null where it is not there.</summary>
    public WorkloadState? Workload { get; init; }

    /// <summary>Records of templates, in use and earlier, as the cache has them.</summary>
    public IReadOnlyList<V1ControllerRevision> Records { get; init; } = [];

    /// <summary>The template that was chosen in this reconcile; null while none is.</summary>
    public TemplateDecision? Template { get; init; }

    /// <summary>How replicas are replaced, as it was planned in this reconcile; null while nothing is.</summary>
    public RolloutPlan? Rollout { get; init; }

    /// <summary>The Service of that name; null where there is none.</summary>
    public V1Service? Address { get; init; }

    /// <summary>The claim that the operator made for the model; null where spec.storage asks for none, or it is not made yet.</summary>
    public V1PersistentVolumeClaim? Claim { get; init; }

    /// <summary>How far the Job is that fetches the model; null where none does, or it was not looked at yet.</summary>
    public FillState? Fill { get; init; }

    /// <summary>The claim that pods wait for, or may; null while none waits for a node.</summary>
    public ClaimState? AwaitedClaim { get; init; }

    public IReadOnlyList<V1Pod> Pods { get; init; } = [];

    /// <summary>What the autoscaler decided; null without autoscaling and before its first look.</summary>
    public AutoscalerState? Autoscaler { get; init; }

    public required DateTimeOffset Now { get; init; }

    public long Generation => Service.Metadata.Generation ?? 0;

    /// <summary>Pods of the current template; all pods where the workload is not made yet.</summary>
    public IReadOnlyList<V1Pod> CurrentPods
    {
        get
        {
            var hash = Workload?.TemplateHash;
            return hash is null ? Pods : [.. Pods.Where(p => p.Metadata.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateHash) == hash)];
        }
    }

    /// <summary>Replicas of an earlier template: more than none while a rollout is under way.</summary>
    public int OldReplicas => Math.Max(0, (Workload?.Replicas ?? 0) - (Workload?.UpdatedReplicas ?? 0));

    public int ReadyReplicas => Workload?.ReadyReplicas ?? 0;

    /// <summary>
    /// The number is neither in the spec nor the autoscaler's, and somebody else has set it on the workload: a HorizontalPodAutoscaler, kubectl scale. It is left
    /// to them, and the apply leaves the field out. As long as nobody else owns it the operator says 1, for to leave out a field that only we own means to remove it.
    /// Zero without an owner is theirs too: an API server takes nobody down as the owner of a number that was scaled to zero.
    /// </summary>
    public bool ReplicasAreOthers
    {
        get
        {
            if (Service.Spec is not { Replicas: null, Autoscaling: null } || Workload is not { } workload)
            {
                return false;
            }

            var owners = ManagedFields.Owners(workload.Metadata, "spec", "replicas");
            return owners.Any(o => o.Manager != ServingObjectMeta.FieldManager) || (owners.Count == 0 && workload.WantedReplicas == 0);
        }
    }

    /// <summary>Replicas to have now: spec.replicas, or what the autoscaler decided last, in this life of the operator or an earlier one, or what others have set.</summary>
    public int DesiredReplicas => Service.Spec.Autoscaling is null
        ? Service.Spec.Replicas ?? (ReplicasAreOthers ? Workload?.WantedReplicas ?? 1 : 1)
        : AutoscaledReplicas(Service, Workload, Autoscaler);

    /// <summary>The last decision of this life of the operator, else the one in the status, else what runs, else minReplicas; within the bounds.</summary>
    private static int AutoscaledReplicas(V1Alpha1InferenceService service, WorkloadState? workload, AutoscalerState? state)
    {
        var policy = ScalingPolicy.From(service.Spec) ?? throw new ArgumentException("no autoscaling", nameof(service));
        return Math.Clamp(state?.Replicas ?? service.Status?.DesiredReplicas ?? workload?.WantedReplicas ?? policy.MinReplicas, policy.MinReplicas, policy.MaxReplicas);
    }
}
