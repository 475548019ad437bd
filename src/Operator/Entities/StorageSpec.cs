using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Where fetched models lie. Absent: on the node's disk, and each replica fetches its own copy.</summary>
[ValidationRule("!(has(self.claimName) && has(self.size))", "claimName and size exclude each other")]
public sealed record StorageSpec
{
    /// <summary>
    /// An existing PersistentVolumeClaim of the same namespace, shared by all replicas and by whatever other service names it: one replica fetches, the
    /// others wait and then use what it fetched. Replicas on several nodes need a claim of access mode ReadWriteMany.
    /// </summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? ClaimName { get; init; }

    /// <summary>Most that a replica's copy on the node's disk may take; the kubelet evicts a pod that takes more.</summary>
    public WrittenQuantity? Size { get; init; }
}
