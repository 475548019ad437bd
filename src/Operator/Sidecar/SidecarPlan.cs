using Octavo.KubernetesClient;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// What a Deployment is to have of a sidecar. What was put in stays until the annotation goes or something else takes its place: neither an upgrade of the operator
/// nor the end of the InferenceService takes a model away from pods that use it. Pure.
/// </summary>
internal static class SidecarPlan
{
    /// <summary>Reason while a model is still to come that something else than the pods brings.</summary>
    public const string WaitingForModel = "WaitingForModel";

    /// <param name="deployment">As it is.</param>
    /// <param name="find">The InferenceService of a name in the Deployment's namespace; null: there is none.</param>
    /// <param name="isAwaited">Whether a model is still to come that something else than the pods brings.</param>
    /// <param name="options">Of which the default images count.</param>
    public static SidecarDecision Decide(
        InjectedDeployment deployment, Func<string, V1Alpha1InferenceService?> find, Func<V1Alpha1InferenceService, bool> isAwaited, OperatorOptions options)
    {
        var request = SidecarRequest.Of(deployment, out var problem);
        if (request is null && problem is null)
        {
            return new SidecarDecision(null, IsDone: !deployment.IsInjected, Misplaced(deployment));
        }

        var inUse = SidecarRecord.Of(deployment);
        var service = request is null ? null : find(request.Service);
        var note = request is null ? new SidecarNote(SidecarState.Refused, "Warning", "InvalidAnnotation", problem!)
            : service is null or { Metadata.DeletionTimestamp: not null } ? NotFound(deployment, request, inUse)
            : SidecarRefusal.Of(service, deployment, request, options);
        var record = note is not null ? inUse : Choose(service!, request!, inUse, options);
        if (note is null && record!.Hash != inUse?.Hash && isAwaited(service!))
        {
            // No pod is replaced by one that would only wait.
            (record, note) = (inUse, new SidecarNote(SidecarState.Waiting, "Normal", WaitingForModel, $"A Job brings the model of InferenceService {request!.Service} first: its condition ModelReady tells how far it is."));
        }

        return new SidecarDecision(record, record is null ? !deployment.IsInjected : Has(deployment, record), note);
    }

    private static SidecarRecord Choose(V1Alpha1InferenceService service, SidecarRequest request, SidecarRecord? inUse, OperatorOptions options)
    {
        var wishes = SidecarWishes.Hash(service, request);
        if (inUse?.Wishes == wishes && service.Spec.Rollout?.TemplateUpdates is not "Automatic")
        {
            return inUse;
        }

        return SidecarRecord.Of(request.Service, wishes, SidecarTemplate.Revision, SidecarTemplate.Build(service, ModelStorage.SourceOf(service)!, request, options));
    }

    private static bool Has(InjectedDeployment deployment, SidecarRecord record) =>
        deployment.IsInjected
        && deployment.Metadata.Annotations?.GetValueOrDefault(SidecarNames.Record) == record.ToText()
        && deployment.Spec?.Template is { } template
        && AppliedFields.Covers(KubernetesJson.ToNode(template), record.ToTemplate());

    private static SidecarNote? Misplaced(InjectedDeployment deployment) => deployment.Metadata.Annotations?.ContainsKey(SidecarNames.Inject) != true ? null : new SidecarNote(
        SidecarState.Refused, "Warning", "InvalidAnnotation", $"The annotation {SidecarNames.Inject} does nothing on the Deployment itself: it belongs on the pod template, in spec.template.metadata.annotations.");

    private static SidecarNote NotFound(InjectedDeployment deployment, SidecarRequest request, SidecarRecord? inUse) => new(
        SidecarState.Waiting,
        "Warning",
        "InferenceServiceNotFound",
        $"There is no InferenceService {request.Service} in the namespace {deployment.Metadata.NamespaceProperty}. " + (inUse is null
            ? "Nothing is put into the pods until there is."
            : $"The sidecar of {inUse.Service} stays until there is, or until the annotation {SidecarNames.Inject} is removed."));
}
