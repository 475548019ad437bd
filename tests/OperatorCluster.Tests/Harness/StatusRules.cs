using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>What kstatus and kubectl wait need of every status that is ever written: cli-utils' status library, status.go and generic.go, and the API conventions.</summary>
internal static class StatusRules
{
    /// <summary>
    /// Who asks now and then, or watches and was cut off, may miss the value in between: so far, and not further, lastTransitionTime may move for it. That the operator
    /// itself moves none is another test's matter.
    /// </summary>
    private static readonly TimeSpan CacheLag = TimeSpan.FromMinutes(5);

    /// <param name="skew">How far the clocks of those who write it are apart.</param>
    public static IEnumerable<string> Check(V1Alpha1InferenceService? before, V1Alpha1InferenceService now, TimeSpan skew = default)
    {
        var status = now.Status!;
        var conditions = status.Conditions ?? [];
        // The value before the first write, which the schema gives.
        if (status.ObservedGeneration is -1 && conditions.Count == 0)
        {
            yield break;
        }

        if (status.ObservedGeneration is null or < 1 || status.ObservedGeneration > now.Metadata.Generation)
        {
            yield return $"observedGeneration is {status.ObservedGeneration}, generation is {now.Metadata.Generation}";
        }

        if (before?.Status?.ObservedGeneration > status.ObservedGeneration)
        {
            yield return $"observedGeneration goes back from {before.Status.ObservedGeneration} to {status.ObservedGeneration}";
        }

        if (conditions.Select(c => c.Type).Distinct(StringComparer.Ordinal).Count() != conditions.Count)
        {
            yield return "a condition comes twice";
        }

        foreach (var condition in conditions)
        {
            if (condition.Status is not ("True" or "False" or "Unknown") || string.IsNullOrEmpty(condition.Reason) || condition.LastTransitionTime is null)
            {
                yield return $"{condition.Type} is incomplete: {condition}";
            }

            if (condition.ObservedGeneration is null || condition.ObservedGeneration > status.ObservedGeneration)
            {
                yield return $"{condition.Type} speaks of generation {condition.ObservedGeneration}, the status of {status.ObservedGeneration}";
            }

            if (condition.Type is "Reconciling" or "Stalled" && condition.Status != "True")
            {
                yield return $"{condition.Type} is there and {condition.Status}: kstatus wants it absent";
            }

            var earlier = before?.Status?.Conditions?.FirstOrDefault(c => c.Type == condition.Type);
            var moved = earlier?.Status == condition.Status ? (condition.LastTransitionTime - earlier.LastTransitionTime)?.Duration() : null;
            if (moved > CacheLag && (moved - skew)?.Duration() > CacheLag)
            {
                yield return $"{condition.Type} stays {condition.Status} and its lastTransitionTime moves from {earlier!.LastTransitionTime:O} to {condition.LastTransitionTime:O}";
            }
        }

        if (Find("Reconciling") is not null && Find("Stalled") is not null)
        {
            yield return "Reconciling and Stalled together";
        }

        if (Find("Ready") is not { } ready)
        {
            yield return "no condition Ready";
        }
        else if (ready.Status != "True" && Find("Reconciling") is null && Find("Stalled") is null)
        {
            yield return $"Ready is {ready.Status} ({ready.Reason}) and nothing says whether it will change by itself";
        }

        V1Condition? Find(string type) => conditions.FirstOrDefault(c => c.Type == type);
    }
}
