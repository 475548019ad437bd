using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Events;

/// <summary>The Events that a change of status amounts to: one for every transition that a person would want to read of. Pure.</summary>
internal static class InferenceServiceEvents
{
    /// <summary>Conditions whose transitions have words of their own, or follow from others.</summary>
    private static readonly string[] Told = [ConditionTypes.Ready, ConditionTypes.Reconciling, ConditionTypes.Stalled, .. ConditionTypes.Order];

    public static IReadOnlyList<EventNote> Between(InferenceServiceStatus? before, InferenceServiceStatus after)
    {
        var notes = new List<EventNote>();
        foreach (var decision in NewDecisions(before, after))
        {
            notes.Add(new EventNote("Normal", decision.To > decision.From ? "ScaledUp" : "ScaledDown", string.Create(CultureInfo.InvariantCulture,
                $"Scaled from {decision.From} to {decision.To} replicas: {decision.Message}{Inputs(decision.Inputs)}")));
        }

        var (modelBefore, model) = Pair(ConditionTypes.ModelReady);
        if (model is { Status: "False" } && model.Reason != modelBefore?.Reason)
        {
            notes.Add(new EventNote("Warning", $"Model{model.Reason}", model.Message ?? ""));
        }
        else if (model is { Status: "True" } && modelBefore?.Status != "True")
        {
            notes.Add(new EventNote("Normal", "ModelLoaded", model.Message ?? ""));
        }

        var (workloadBefore, workload) = Pair(ConditionTypes.WorkloadReady);
        if (workload is { Status: "False" } && workload.Reason != workloadBefore?.Reason && !OnItsWay(workload.Reason))
        {
            notes.Add(new EventNote("Warning", workload.Reason ?? "WorkloadNotReady", workload.Message ?? ""));
        }

        var (progressBefore, progress) = Pair(ConditionTypes.Progressing);
        var (readyBefore, ready) = Pair(ConditionTypes.Ready);
        if (progress is { Status: "False" } && progress.Reason != progressBefore?.Reason && progress.Reason != workload?.Reason && progress.Reason != model?.Reason)
        {
            notes.Add(new EventNote("Warning", progress.Reason ?? "RolloutFailed", progress.Message ?? ""));
        }

        notes.AddRange(Rollout(Pair(ConditionTypes.RolloutPlanned)));

        if (after.Template?.Pending is { Count: > 0 } pending && before?.Template?.Pending is not { Count: > 0 })
        {
            notes.Add(new EventNote("Normal", "TemplateUpdatePending", string.Create(CultureInfo.InvariantCulture,
                $"This release of the operator would write the pods differently in {pending.Count} places (status.template.pending); it waits for the next change of the spec.")));
        }

        if (ready is { Status: "True" } && readyBefore?.Status != "True")
        {
            notes.Add(new EventNote("Normal", "Ready", ready.Message ?? ""));
        }
        else if (ready is { Status: "False" } && readyBefore?.Status == "True")
        {
            notes.Add(new EventNote("Warning", "NotReady", ready.Message ?? ""));
        }

        var (scalingBefore, scaling) = Pair(ConditionTypes.ScalingActive);
        if (scaling is { Status: "False" } && scalingBefore?.Status != "False")
        {
            notes.Add(new EventNote("Warning", scaling.Reason ?? "MetricsAbsent", scaling.Message ?? ""));
        }

        // What other features found: their conditions tell of things that serving goes on without.
        foreach (var condition in after.Conditions?.Where(c => !Told.Contains(c.Type) && c.Status == "False") ?? [])
        {
            if (Pair(condition.Type).Before is not { Status: "False" } old || old.Reason != condition.Reason)
            {
                notes.Add(new EventNote("Warning", condition.Reason ?? condition.Type, condition.Message ?? ""));
            }
        }

        return notes;

        (V1Condition? Before, V1Condition? After) Pair(string type) =>
            (before?.Conditions?.FirstOrDefault(c => c.Type == type), after.Conditions?.FirstOrDefault(c => c.Type == type));
    }

    /// <summary>Told by the plan, which knows how and why.</summary>
    private static IEnumerable<EventNote> Rollout((V1Condition? Before, V1Condition? After) planned)
    {
        if (planned.After is { } plan && plan.Reason != planned.Before?.Reason)
        {
            yield return new EventNote("Normal", planned.Before is null ? "RolloutStarted" : "RolloutReplanned", plan.Message ?? "");
        }
        else if (planned is { Before: not null, After: null })
        {
            yield return new EventNote("Normal", "RolloutComplete", "No replica of an older revision is left.");
        }
    }

    private static bool OnItsWay(string? reason) => reason is "Creating" or "Starting" or "RollingOut" or "ScalingDown" or "WaitingForModel" or "WaitingForDeletion";

    /// <summary>Oldest first.</summary>
    private static IEnumerable<ScalingDecision> NewDecisions(InferenceServiceStatus? before, InferenceServiceStatus after)
    {
        var known = (before?.Autoscaling?.History ?? []).Select(Identity).ToHashSet();
        return (after.Autoscaling?.History ?? []).Where(d => !known.Contains(Identity(d))).Reverse();

        // Times travel with seconds only.
        static (long, int, int) Identity(ScalingDecision decision) => (decision.At.ToUnixTimeSeconds(), decision.From, decision.To);
    }

    private static string Inputs(ScalingInputs? inputs) => inputs is null ? "" : string.Create(CultureInfo.InvariantCulture,
        $" (waiting {inputs.WaitingRequests}, running {inputs.RunningRequests}, KV cache {inputs.KVCachePercent?.ToString(CultureInfo.InvariantCulture) ?? "?"} %, cache hits {inputs.CacheHitPercent?.ToString(CultureInfo.InvariantCulture) ?? "?"} %, {inputs.SampledReplicas} of {inputs.ReadyReplicas} replicas sampled)");
}
