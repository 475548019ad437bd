using Octavo.KubernetesClient;
using Octavo.Operator.Configuration;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;
using Octavo.Operator.Storage;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Controller;

/// <summary>The workload that keeps the replicas; conditions WorkloadReady and Progressing.</summary>
internal sealed class WorkloadReconciler(ServingWorkloads workloads, TemplateRecords records, RolloutView rollouts, ChildGate gate, VictimHints victims, ClaimReader claims, OperatorOptions options) : ISubReconciler
{
    /// <summary>Time between two looks while replicas are replaced.</summary>
    private static readonly TimeSpan RolloutInterval = TimeSpan.FromSeconds(30);

    public ReconcileStage Stage => ReconcileStage.Workload;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            return;
        }

        var service = context.Observed.Service;
        var workload = workloads.For(service);
        if (workload.Unavailability is { } unavailable)
        {
            context.Refuse(new Finding(false, workload.Kind + "Missing", unavailable, NeedsPerson: true));
            return;
        }

        var live = await workload.FindAsync(service, context.Observed.Workload, cancellationToken).ConfigureAwait(false);
        if (ModelSource.Of(service.Spec, context.Observed.Claim?.Metadata.Name) is not { } model)
        {
            context.Refuse(new Finding(false, "WaitingForModel", "No replica is made, because the model's URI names no model."));
            return;
        }

        if (await gate.AdmitAsync(context, workload.Kind, live?.Metadata, cancellationToken).ConfigureAwait(false) is { } occupied)
        {
            // What stands there answers for somebody else.
            context.Observed = context.Observed with { Workload = null };
            context.Refuse(occupied);
            return;
        }

        context.Observed = context.Observed with { Workload = live };
        if (Refusal(service, options) is { } refusal)
        {
            context.Refuse(refusal);
            return;
        }

        var replicas = context.Observed.DesiredReplicas;
        if (live?.WantedReplicas > replicas && workload.HonoursDeletionCost)
        {
            await victims.WriteAsync(context.Observed, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            if (await ChooseTemplateAsync(context, live, model, cancellationToken).ConfigureAwait(false) is not { } template)
            {
                Wait(context);
                return;
            }

            var rollout = await rollouts.PlanAsync(context.Observed, live, template, cancellationToken).ConfigureAwait(false);
            var plan = new WorkloadPlan { Service = service, Replicas = context.Observed.ReplicasAreOthers ? null : replicas, Template = template, Bounds = rollout.Bounds };
            context.Observed = context.Observed with { Rollout = rollout, Workload = await workload.ApplyAsync(live, plan, cancellationToken).ConfigureAwait(false) };
        }
        catch (KubernetesException e) when (e.IsInvalid)
        {
            // The user's values pass our schema, but not the workload's: only the user can change that.
            context.Refuse(new Finding(false, "InvalidWorkload", e.Message, NeedsPerson: true));
            return;
        }

        if (model.Claim is { } claim && context.Observed.CurrentPods.Any(WorkloadDiagnosis.IsUnschedulable))
        {
            context.Observed = context.Observed with { AwaitedClaim = await claims.ReadAsync(service.Metadata.NamespaceProperty!, claim, context.Observed.Claim, cancellationToken).ConfigureAwait(false) };
        }

        if (context.Observed.Fill is { IsFilled: false, IsInUse: false })
        {
            Wait(context);
            return;
        }

        var ready = WorkloadDiagnosis.WorkloadReady(context.Observed);
        context.Findings[ConditionTypes.WorkloadReady] = ready;
        context.Findings[ConditionTypes.Progressing] = RolloutDiagnosis.Progressing(context.Observed.Rollout, context.Observed.Workload) ?? WorkloadDiagnosis.Progressing(context.Observed, ready);
        context.Findings[ConditionTypes.RolloutPlanned] = RolloutDiagnosis.Planned(context.Observed.Rollout);
        if (context.Observed.Rollout.Decision.IsRolling)
        {
            // Time alone may make a replica late, and room in the cluster comes and goes without our being told.
            context.RequeueWithin(context.Observed.Rollout.Decision.LookAgainIn is { } due && due < RolloutInterval ? due + TimeSpan.FromSeconds(1) : RolloutInterval);
        }
    }

    /// <summary>The model comes first, and tells in its own condition how far it is.</summary>
    private static void Wait(ReconcileContext context)
    {
        var waiting = WorkloadDiagnosis.WaitingForModel(context.Observed, context.Observed.Fill!);
        context.Findings[ConditionTypes.WorkloadReady] = waiting;
        context.Findings[ConditionTypes.Progressing] = new Finding(true, "InProgress", waiting.Message);
    }

    /// <summary>
    /// The template in use, recorded before the workload gets it: an operator that dies in between goes on with the same one. While a Job fetches the model the
    /// one in use stays; null where there is none.
    /// </summary>
    private async Task<TemplateRecord?> ChooseTemplateAsync(ReconcileContext context, WorkloadState? live, ModelSource model, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        var known = await records.ReadAsync(service, context.Observed.Records, live?.Template, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<TemplateRecord> recorded = [.. known.Select(TemplateRecord.Read).OfType<TemplateRecord>()];
        var decision = context.Observed.Fill is { IsFilled: false } ? TemplatePlan.Hold(recorded, live?.Template) : TemplatePlan.Decide(service, Build, recorded, live?.Template);
        if (decision is null)
        {
            return null;
        }

        await records.WriteAsync(service, decision.Record, known, cancellationToken).ConfigureAwait(false);
        await records.TrimAsync(decision.Record, known, cancellationToken).ConfigureAwait(false);
        context.Observed = context.Observed with { Template = decision };
        return decision.Record;

        PodTemplates Build(string revision, LiveTemplate? imagesOf)
        {
            var dialect = RuntimeDialects.Of(service);
            var image = service.Spec.Runtime?.Image ?? ServingPodTemplate.ImageOf(imagesOf?.Template, ServingPodTemplate.RuntimeContainer) ?? options.RuntimeImageOf(service.Spec);
            var fetchImage = dialect.HasFetch ? image : ServingPodTemplate.ImageOf(imagesOf?.Template, ServingPodTemplate.ModelContainer) ?? options.FetchImage ?? options.RuntimeImage;
            return ServingPodTemplate.Build(new PodTemplateInputs
            {
                Service = service, Model = model, Dialect = dialect, RuntimeImage = image, FetchImage = fetchImage, Revision = revision,
            });
        }
    }

    /// <summary>Why no workload is made; null where one is.</summary>
    internal static Finding? Refusal(V1Alpha1InferenceService service, OperatorOptions options)
    {
        if (service.Spec.Accelerator is { } accelerator && service.Spec.Runtime?.Image is null && options.AcceleratorImage is null)
        {
            return new Finding(
                false,
                "AcceleratorNotSupported",
                $"The default runtime image computes on CPU and cannot use {accelerator.Resource ?? AcceleratorSpec.DefaultResource}; name an image in spec.runtime.image that can, start the operator with --accelerator-runtime-image, or remove spec.accelerator.",
                NeedsPerson: true);
        }

        var dialect = RuntimeDialects.Of(service);
        if (service.Spec.Runtime?.Image is null && !dialect.HasFetch)
        {
            return new Finding(false, "ImageMissing", $"The dialect {dialect.Name} needs an image in spec.runtime.image: the default image speaks Octavo.", NeedsPerson: true);
        }

        if (dialect.Refusal(service.Spec) is { } refusal)
        {
            return new Finding(false, "NotSupportedByRuntime", refusal, NeedsPerson: true);
        }

        if (service.Spec.Accelerator?.Nodes > 1 && ServingObjectMeta.NameOf(service).Length > ServingLeaderWorkerSet.LongestServiceName)
        {
            return new Finding(
                false, "NameTooLong", $"A service whose replicas span nodes may have a name of {ServingLeaderWorkerSet.LongestServiceName} characters at most, since its pods' labels take it.", NeedsPerson: true);
        }

        return null;
    }
}
