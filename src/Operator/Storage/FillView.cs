using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Storage;

/// <summary>Who shares which fetch, read from the informers' caches.</summary>
internal sealed class FillView(Lister<V1Alpha1InferenceService> services, Lister<V1Job> jobs, Lister<V1Pod> pods)
{
    /// <summary>Index of Jobs and pods by <see cref="FillKey.Index"/>.</summary>
    public const string HashIndex = "fill";

    /// <summary>Index of Jobs by the uid of each owner.</summary>
    public const string OwnerIndex = "fill-owner";

    public static IEnumerable<string> HashOf(IKubernetesObject entity) => FillJob.HashOf(entity) is { } hash ? [FillKey.IndexOf(entity.Metadata.NamespaceProperty, hash)] : [];

    public static IEnumerable<string> OwnersOf(V1Job job) => (job.Metadata.OwnerReferences ?? []).Select(o => o.Uid);

    public IReadOnlyList<V1Job> JobsOf(FillKey key) => jobs.ByIndex(HashIndex, key.Index);

    public IReadOnlyList<V1Pod> PodsOf(FillKey key) => pods.ByIndex(HashIndex, key.Index);

    public IReadOnlyList<V1Job> OwnedBy(V1Alpha1InferenceService service) => [.. jobs.ByIndex(OwnerIndex, service.Metadata.Uid ?? "").Where(j => FillJob.HashOf(j) is not null)];

    /// <summary>
    /// A Job is to bring the service's model, and has not: what pods of others are to mount. Where no Job is there any more the model is, as far as the service
    /// has been looked at since it changed.
    /// </summary>
    public bool IsAwaited(V1Alpha1InferenceService service)
    {
        if (FillKey.Of(service) is not { } key)
        {
            return false;
        }

        var newest = JobsOf(key).Where(j => j.Metadata.DeletionTimestamp is null).MaxBy(FillJob.NumberOf);
        return newest is null
            ? service.Status?.ObservedGeneration is not { } seen || seen < service.Metadata.Generation
            : newest.Status?.Conditions?.Any(c => c is { Type: "Complete", Status: "True" }) != true;
    }

    /// <summary>All services that want this fetch and are not going, the oldest first.</summary>
    /// <param name="hash">Of their key.</param>
    /// <param name="service">The one that is looked at, which the cache may have as it was, or not at all.</param>
    public IReadOnlyList<V1Alpha1InferenceService> Sharing(string hash, V1Alpha1InferenceService service) =>
    [
        .. services.List(service.Metadata.NamespaceProperty).Where(s => s.Metadata.Name != service.Metadata.Name).Append(service)
            .Where(s => s.Metadata.DeletionTimestamp is null && FillKey.Of(s)?.Hash == hash)
            .OrderBy(s => s.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue).ThenBy(s => s.Metadata.Name, StringComparer.Ordinal),
    ];

    /// <summary>The services that a pod of a Job fetches for: its changes wake them.</summary>
    public IEnumerable<NamespacedName> ServicesOf(V1Pod pod) => FillJob.HashOf(pod) is not { } hash ? []
        : services.List(pod.Metadata.NamespaceProperty).Where(s => FillKey.Of(s)?.Hash == hash).Select(s => NamespacedName.Of(s));
}
