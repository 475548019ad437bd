using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>What a pod's status says of its fetch.</summary>
internal static class FetchContainerState
{
    public static bool IsRunning(V1Pod pod) => pod.Metadata.DeletionTimestamp is null && Of(pod)?.State?.Running is not null;

    /// <summary>What the fetch wrote when it had succeeded; null where it has not, or wrote nothing.</summary>
    public static FetchProgress? Result(V1Pod pod) =>
        Of(pod)?.State?.Terminated is { ExitCode: 0, Message: { Length: > 0 } message } && FetchProgress.Parse(System.Text.Encoding.UTF8.GetBytes(message)) is { Phase: FetchPhase.Complete } result ? result : null;

    /// <summary>An init container of a replica, or the container of a Job's pod.</summary>
    private static V1ContainerStatus? Of(V1Pod pod) =>
        (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []).FirstOrDefault(s => s.Name == ServingPodTemplate.ModelContainer);
}
