using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>What pods tell of the model that they were made for, and whether they found it where a Job was to bring it. Pure.</summary>
internal static class ModelCheck
{
    /// <summary>The container only looked, and the model was not there.</summary>
    public static bool FoundNothing(V1Pod pod, V1ContainerStatus status) =>
        status.Name == ServingPodTemplate.ModelContainer && OnlyLooks(pod.Spec) && Ended(status) is { ExitCode: (int)FetchExitCode.NotFound };

    /// <summary>When a replica looked last for a model that was not there; null where none did, or it found it since.</summary>
    public static DateTimeOffset? MissedAt(IEnumerable<V1Pod> pods) => pods
        .Where(p => p.Metadata.DeletionTimestamp is null)
        .Select(p => p.Status?.InitContainerStatuses?.FirstOrDefault(s => FoundNothing(p, s)) is { } status ? Ended(status)!.FinishedAt ?? p.Metadata.CreationTimestamp ?? DateTimeOffset.UnixEpoch : (DateTimeOffset?)null)
        .Max();

    /// <summary>Whether replicas of a template look for this very model, on this very claim.</summary>
    public static bool IsFor(V1PodTemplateSpec? template, ModelSource source) =>
        Container(template?.Spec)?.Args is { } args && args.SequenceEqual(source.FetchArguments, StringComparer.Ordinal)
        && template!.Spec!.Volumes?.Any(v => source.Claim is not null && v.PersistentVolumeClaim?.ClaimName == source.Claim) == true;

    /// <summary>Whether a pod serves this model, as far as it tells: one without the container has the model in its image, and tells nothing.</summary>
    public static bool Serves(V1Pod pod, ModelSource source) => Container(pod.Spec)?.Args is not { } args || UriIn(args) is not { } uri || uri == UriIn(source.FetchArguments);

    private static bool OnlyLooks(V1PodSpec? pod) => Container(pod)?.Args?.Contains(FetchFlags.CheckOnly, StringComparer.Ordinal) == true;

    private static V1Container? Container(V1PodSpec? pod) => pod?.InitContainers?.FirstOrDefault(c => c.Name == ServingPodTemplate.ModelContainer);

    private static V1ContainerStateTerminated? Ended(V1ContainerStatus status) => status.State?.Terminated ?? status.LastState?.Terminated;

    private static string? UriIn(IReadOnlyList<string> args) => args.SkipWhile(a => a != FetchFlags.Uri).Skip(1).FirstOrDefault();
}
