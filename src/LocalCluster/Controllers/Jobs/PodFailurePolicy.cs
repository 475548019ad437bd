using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>What a job's <c>podFailurePolicy</c> says of a pod that failed. Pure.</summary>
internal static class PodFailurePolicy
{
    private const string FailJob = "FailJob";
    private const string Ignore = "Ignore";

    /// <summary>The failure does not count.</summary>
    public static bool Ignores(V1JobSpec spec, V1Pod pod) => Match(spec, pod) is { Action: Ignore };

    /// <summary>Why the job fails with this pod; null where it does not.</summary>
    public static string? FailureOf(V1JobSpec spec, V1Pod pod) => Match(spec, pod) is { Action: FailJob } match
        ? $"{match.What} for pod {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}{match.How} matching FailJob rule at index {match.Index}"
        : null;

    /// <summary>The first rule that the failure meets; null where it meets none, and so counts.</summary>
    private static (string Action, int Index, string What, string How)? Match(V1JobSpec spec, V1Pod pod)
    {
        if (pod.Status?.Phase != "Failed")
        {
            return null;
        }

        foreach (var (rule, index) in (spec.PodFailurePolicy?.Rules ?? []).Select((rule, index) => (rule, index)))
        {
            if (rule.OnExitCodes is { } codes && Ended(pod, codes) is { } ended)
            {
                return (rule.Action, index, $"Container {ended.Name}", $" failed with exit code {ended.State!.Terminated!.ExitCode}");
            }

            if (rule.OnPodConditions?.FirstOrDefault(c => Has(pod, c)) is { } condition)
            {
                return (rule.Action, index, "Pod condition " + condition.Type, "");
            }
        }

        return null;
    }

    /// <summary>A container that ended well is no failure, whatever the rule's operator.</summary>
    private static V1ContainerStatus? Ended(V1Pod pod, V1PodFailurePolicyOnExitCodesRequirement codes) => (pod.Status!.ContainerStatuses ?? []).Concat(pod.Status.InitContainerStatuses ?? [])
        .Where(c => codes.ContainerName is null || c.Name == codes.ContainerName)
        .FirstOrDefault(c => c.State?.Terminated is { ExitCode: not 0 } ended && codes.Values.Contains(ended.ExitCode) == (codes.Operator == "In"));

    private static bool Has(V1Pod pod, V1PodFailurePolicyOnPodConditionsPattern pattern) =>
        pod.Status!.Conditions?.Any(c => c.Type == pattern.Type && c.Status == (pattern.Status ?? "True")) == true;
}
