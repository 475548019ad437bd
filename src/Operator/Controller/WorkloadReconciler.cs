using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Controller;

/// <summary>The Deployment; conditions WorkloadReady and Progressing.</summary>
internal sealed class WorkloadReconciler(ObjectApplier applier, TemplateRecords records, VictimHints victims, OperatorOptions options) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Workload;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            return;
        }

        var service = context.Observed.Service;
        var name = ServingObjectMeta.NameOf(service);
        var live = await applier.FindAsync(context.Observed.Deployment, name, service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
        if (ModelSource.Of(service.Spec, context.Observed.Claim?.Metadata.Name) is not { } model)
        {
            context.Refuse(new Finding(false, "WaitingForModel", "No replica is made, because the model's URI names no model."));
            return;
        }

        if (Refusal(service, live) is { } refusal)
        {
            context.Refuse(refusal);
            return;
        }

        var replicas = context.Observed.DesiredReplicas;
        if (live?.Spec?.Replicas > replicas)
        {
            await victims.WriteAsync(context.Observed, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var template = await ChooseTemplateAsync(context, live, model, cancellationToken).ConfigureAwait(false);
            var applied = await applier.ApplyAsync(live, ServingDeployment.Build(service, replicas, template), cancellationToken).ConfigureAwait(false);
            context.Observed = context.Observed with { Deployment = applied };
        }
        catch (KubernetesException e) when (e.IsInvalid)
        {
            // The user's values pass our schema, but not the Deployment's: only the user can change that.
            context.Refuse(new Finding(false, "InvalidWorkload", e.Message, NeedsPerson: true));
            return;
        }

        var workload = WorkloadDiagnosis.WorkloadReady(context.Observed);
        context.Findings[ConditionTypes.WorkloadReady] = workload;
        context.Findings[ConditionTypes.Progressing] = WorkloadDiagnosis.Progressing(context.Observed, workload);
    }

    /// <summary>The template in use, recorded before the workload gets it: an operator that dies in between goes on with the same one.</summary>
    private async Task<TemplateRecord> ChooseTemplateAsync(ReconcileContext context, V1Deployment? live, ModelSource model, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        var liveTemplate = live?.Spec?.Template is { } template ? new LiveTemplate(template, live.Metadata.Annotations) : null;
        var known = await records.ReadAsync(service, context.Observed.Records, liveTemplate, cancellationToken).ConfigureAwait(false);
        var decision = TemplatePlan.Decide(
            service,
            (_, imagesOf) => ServingPodTemplate.Build(
                service, service.Spec.Runtime?.Image ?? ServingPodTemplate.ImageOf(imagesOf, ServingPodTemplate.RuntimeContainer) ?? options.RuntimeImage, model),
            [.. known.Select(TemplateRecord.Read).OfType<TemplateRecord>()],
            liveTemplate);
        await records.WriteAsync(service, decision.Record, known, cancellationToken).ConfigureAwait(false);
        await records.TrimAsync(decision.Record, known, cancellationToken).ConfigureAwait(false);
        context.Observed = context.Observed with { Template = decision };
        return decision.Record;
    }

    /// <summary>Why no Deployment is made; null where one is.</summary>
    private static Finding? Refusal(V1Alpha1InferenceService service, V1Deployment? live)
    {
        if (service.Spec.Accelerator is { } accelerator && service.Spec.Runtime?.Image is null)
        {
            return new Finding(
                false,
                "AcceleratorNotSupported",
                $"The default runtime image computes on CPU and cannot use {accelerator.Resource ?? AcceleratorSpec.DefaultResource}; name an image in spec.runtime.image that can, or remove spec.accelerator.",
                NeedsPerson: true);
        }

        return live is not null && !ServingObjectMeta.Controls(service, live.Metadata)
            ? new Finding(false, "NameConflict", $"Deployment {live.Metadata.Name} exists and does not belong to this InferenceService.", NeedsPerson: true)
            : null;
    }
}
