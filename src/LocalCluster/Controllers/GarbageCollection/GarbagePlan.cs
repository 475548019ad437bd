using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>Delete the object in a certain way, or leave it with only some owners, or neither.</summary>
internal sealed record GarbagePlan(bool Delete, string? PropagationPolicy, IReadOnlyList<V1OwnerReference>? RemainingOwners)
{
    public static GarbagePlan Keep { get; } = new(false, null, null);
}
