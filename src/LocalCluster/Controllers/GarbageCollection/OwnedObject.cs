using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>An object in the ownership graph.</summary>
internal sealed record OwnedObject(DiscoveredResource Resource, string? Namespace, string Name, string Uid)
{
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";

    public IReadOnlyList<V1OwnerReference> Owners { get; init; } = [];
    public IReadOnlyList<string> Finalizers { get; init; } = [];
    public bool IsDeleting { get; init; }

    /// <summary>It goes when its dependents are gone.</summary>
    public bool WaitsForDependents => IsDeleting && Finalizers.Contains(ForegroundFinalizer, StringComparer.Ordinal);

    /// <summary>It goes when its dependents do not name it any more.</summary>
    public bool OrphansDependents => IsDeleting && Finalizers.Contains(OrphanFinalizer, StringComparer.Ordinal);

    public string Path => ResourcePath.For(Resource.GroupVersion, Resource.Plural, Namespace, Name);

    public static OwnedObject Of(DiscoveredResource resource, V1ObjectMeta metadata) => new(resource, metadata.NamespaceProperty, metadata.Name!, metadata.Uid!)
    {
        Owners = metadata.OwnerReferences ?? [],
        Finalizers = metadata.Finalizers ?? [],
        IsDeleting = metadata.DeletionTimestamp is not null,
    };
}
