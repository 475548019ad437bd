using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Rollout;

/// <summary>Gathers what the planner looks at, and asks it.</summary>
internal sealed class RolloutView(CapacityView capacity, Lister<WorkloadRevision> revisions, IKubernetesClient client)
{
    /// <param name="observed">The service and its pods.</param>
    /// <param name="live">The workload as it is; null: it is made now.</param>
    /// <param name="template">The template that it is to have.</param>
    public async Task<RolloutPlan> PlanAsync(ObservedState observed, WorkloadState? live, TemplateRecord template, CancellationToken cancellationToken)
    {
        var service = observed.Service;
        var startsNow = live is not null && live.TemplateHash != template.Hash;
        var hash = live is null || startsNow ? null : WorkloadRevision.CurrentHash(live.Metadata, live.IsObserved, revisions.ByIndex(ClusterView.ServiceIndex, NamespacedName.Of(service).ToString()));
        var replicas = ReplicaReader.Read(observed.Pods, template.Hash, hash);
        var progress = RolloutProgress.Of(replicas, observed.DesiredReplicas);
        if (live is null || replicas.All(r => r.IsCurrent || r.IsLeaving))
        {
            var rest = RolloutDecision.AtRest;
            return new RolloutPlan(rest, new RolloutBounds(rest.MaxSurge, rest.MaxUnavailable, false, DeadlineSeconds(service, RolloutDeadline.Unknown)), progress, template.Hash);
        }

        var old = replicas.First(r => r is { IsCurrent: false, IsLeaving: false }).Pod;
        var before = startsNow || service.Status?.Rollout?.Revision != template.Hash ? null : service.Status.Rollout;
        var inputs = new RolloutInputs
        {
            Requested = RequestedOf(service),
            Wanted = observed.DesiredReplicas,
            StartsNow = startsNow,
            Replicas = replicas,
            Pod = AdmittedPod.Of(template.Template, old, TemplateOf(old, observed, live)),
            PodsPerReplica = service.Spec.Accelerator?.Nodes ?? 1,
            Accelerator = service.Spec.Accelerator is { } accelerator ? accelerator.Resource ?? AcceleratorSpec.DefaultResource : null,
            Volumes = await ReachAsync(observed, template.Template, cancellationToken).ConfigureAwait(false),
            Cluster = capacity.Of(NamespacedName.Of(service)),
            CreationRefused = live.CannotCreatePods?.Message,
            LiveSurge = live.MaxSurge,
            PreviousReason = before?.Reason,
            Deadline = DeadlineOf(service, template.Template, old),
            Now = observed.Now,
        };
        var decision = RolloutPlanner.Plan(inputs);
        var bounds = new RolloutBounds(decision.MaxSurge, decision.MaxUnavailable, decision.IsHeld, DeadlineSeconds(service, inputs.Deadline));
        // The numbers of the choice are those of the moment when it was made: later looks confirm it, or choose otherwise.
        var isSameChoice = before is { Message: not null } && before.Reason == decision.Reason && before.Strategy == decision.Mode.ToString();
        return new RolloutPlan(isSameChoice ? decision with { Message = before!.Message! } : decision, bounds, progress, template.Hash);
    }

    /// <summary>The template that a pod was made from; null where it is not known any more.</summary>
    private static V1PodTemplateSpec? TemplateOf(V1Pod pod, ObservedState observed, WorkloadState live)
    {
        var hash = pod.Metadata.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateHash);
        return hash is null ? null
            : live.TemplateHash == hash ? live.Template!.Template
            : observed.Records.Select(TemplateRecord.Read).FirstOrDefault(r => r?.Hash == hash)?.Template;
    }

    /// <summary>When the workload's own controller gives up: not before we do, and the drain of the replica that goes first is no standstill.</summary>
    private static int DeadlineSeconds(V1Alpha1InferenceService service, TimeSpan deadline)
    {
        var least = service.Spec.Rollout?.ProgressDeadlineSeconds ?? (int)RolloutDeadline.Unknown.TotalSeconds;
        var drain = service.Spec.Rollout?.DrainSeconds ?? ServingPodTemplate.DefaultDrainSeconds;
        return Math.Max(least, (int)deadline.TotalSeconds) + (drain > ServingPodTemplate.DefaultDrainSeconds ? drain : 0);
    }

    private static RequestedStrategy RequestedOf(V1Alpha1InferenceService service) =>
        Enum.TryParse<RequestedStrategy>(service.Spec.Rollout?.Strategy, out var strategy) ? strategy : RequestedStrategy.Auto;

    /// <summary>Learned from the last start that is known, if it was a start of the same model.</summary>
    private static TimeSpan DeadlineOf(V1Alpha1InferenceService service, V1PodTemplateSpec wanted, V1Pod? old)
    {
        var startup = service.Status?.Startup;
        return RolloutDeadline.Of(
            service.Spec.Rollout?.ProgressDeadlineSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            startup?.TotalSeconds is { } total ? TimeSpan.FromSeconds(Math.Max(1, total - (startup.SchedulingSeconds ?? 0))) : null,
            isOtherModel: !ModelArguments(wanted.Spec).SequenceEqual(ModelArguments(old?.Spec), StringComparer.Ordinal));
    }

    private static IEnumerable<string> ModelArguments(V1PodSpec? pod) => pod?.InitContainers?.FirstOrDefault(c => c.Name == ServingPodTemplate.ModelContainer)?.Args ?? [];

    /// <summary>The narrowest of the claims that the pods mount. Claims that are not the operator's own are asked for, while something is to be replaced only.</summary>
    private async Task<VolumeReach> ReachAsync(ObservedState observed, V1PodTemplateSpec template, CancellationToken cancellationToken)
    {
        var reach = VolumeReach.AnyNode;
        foreach (var name in (template.Spec?.Volumes ?? []).Select(v => v.PersistentVolumeClaim?.ClaimName).OfType<string>())
        {
            var claim = observed.Claim?.Metadata.Name == name ? observed.Claim
                : await client.FindAsync<V1PersistentVolumeClaim>(name, observed.Service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            var one = ReachOf(claim?.Spec?.AccessModes);
            reach = one > reach ? one : reach;
        }

        return reach;
    }

    private static VolumeReach ReachOf(IReadOnlyList<string>? modes) => modes switch
    {
        null => VolumeReach.AnyNode,
        _ when modes.Contains("ReadWriteMany") || modes.Contains("ReadOnlyMany") => VolumeReach.AnyNode,
        _ when modes.Contains("ReadWriteOncePod") => VolumeReach.OnePod,
        _ => VolumeReach.SameNode,
    };
}
