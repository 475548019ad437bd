using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Templates;

/// <summary>
/// Which template the pods are made from: the recorded one as long as the user wishes the same, a new one when the wishes change, and the very template of old
/// when they change back to what a kept record was made from. So an operator of another release rolls nothing by itself, unless spec.rollout.templateUpdates asks for it. Pure.
/// </summary>
internal static class TemplatePlan
{
    /// <summary>Records that are kept: the one in use and those one may want to go back to.</summary>
    public const int Kept = 3;

    /// <param name="service">The user's wishes.</param>
    /// <param name="build">The template that this operator builds from them, at a revision of its code and with images in place of its own (null: its own).</param>
    /// <param name="records">Those of the service that are known.</param>
    /// <param name="live">The workload's template and annotations, from which a record that is not there is made again; null: there is no workload.</param>
    public static TemplateDecision Decide(V1Alpha1InferenceService service, TemplateBuild build, IReadOnlyList<TemplateRecord> records, LiveTemplate? live)
    {
        var wishes = TemplateWishes.Of(service).Hash();
        var newest = TemplateRecord.Of(build(ServingPodTemplate.Revision, null), wishes, ServingPodTemplate.Revision);
        var inUse = records.MaxBy(r => r.Number) ?? Recover(service, wishes, build, live);
        if (inUse is null)
        {
            return new TemplateDecision(newest, []);
        }

        var isAutomatic = service.Spec.Rollout?.TemplateUpdates is "Automatic";
        if (inUse.Wishes != wishes || isAutomatic)
        {
            var wanted = isAutomatic ? newest : records.Where(r => r.Wishes == wishes).MaxBy(r => r.Number) ?? newest;
            inUse = wanted with { Number = wanted.Hash == inUse.Hash ? inUse.Number : inUse.Number + 1 };
        }

        return new TemplateDecision(inUse, TemplateChange.Between(inUse, newest));
    }

    /// <summary>
    /// The template in use, whatever the user wishes now: what its replicas need is not there yet. Null where there is none, or the workload does not tell
    /// where its template came from.
    /// </summary>
    public static TemplateDecision? Hold(IReadOnlyList<TemplateRecord> records, LiveTemplate? live)
    {
        if (records.MaxBy(r => r.Number) is { } inUse)
        {
            return new TemplateDecision(inUse, []);
        }

        return live?.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateSource) is { } wishes && TemplateRecord.HashOf(live.Template) is not null
            ? new TemplateDecision(Keep(live, wishes), [])
            : null;
    }

    /// <summary>The record of a workload that has none: one of release 0.1, or one whose record somebody deleted. Null where the wishes have changed since.</summary>
    private static TemplateRecord? Recover(V1Alpha1InferenceService service, string wishes, TemplateBuild build, LiveTemplate? live)
    {
        if (live?.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateSource) is not { } source
            || (source != wishes && source != TemplateWishes.HashOfRelease01(service))
            || TemplateRecord.HashOf(live.Template) is not { } hash)
        {
            return null;
        }

        foreach (var revision in ServingPodTemplate.Revisions)
        {
            var built = build(revision, live);
            if (TemplateRecord.HashOf(built.Main) == hash)
            {
                return TemplateRecord.Of(built, wishes, revision);
            }
        }

        // Code that this operator does not have built it.
        return Keep(live, wishes);
    }

    /// <summary>What runs is kept as it is, with what the API server added, which is no change of the pods; kubectl's mark of a restart stays kubectl's.</summary>
    private static TemplateRecord Keep(LiveTemplate live, string wishes) => TemplateRecord.Of(
        new PodTemplates(AsItIs(live.Template), live.WorkerTemplate is { } worker ? AsItIs(worker) : null), wishes, live.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateRevision) ?? "");

    private static V1PodTemplateSpec AsItIs(V1PodTemplateSpec template)
    {
        var annotations = template.Metadata?.Annotations?.Where(a => a.Key != "kubectl.kubernetes.io/restartedAt").ToDictionary(StringComparer.Ordinal);
        return template with { Metadata = (template.Metadata ?? new V1ObjectMeta()) with { Annotations = annotations, CreationTimestamp = null } };
    }
}
