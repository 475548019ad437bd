using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>
/// Where fetched models lie: on a claim that exists (claimName), on one that the operator makes (size with storageClassName or accessMode), or on the node's disk,
/// where each replica fetches its own copy (size alone, or nothing).
/// </summary>
[ValidationRule("!has(self.claimName) || !(has(self.size) || has(self.storageClassName) || has(self.accessMode))", "claimName excludes size, storageClassName and accessMode")]
[ValidationRule("has(self.size) || !(has(self.storageClassName) || has(self.accessMode))", "storageClassName and accessMode need size")]
public sealed record StorageSpec
{
    /// <summary>
    /// An existing PersistentVolumeClaim of the same namespace, shared by all replicas and by whatever other service names it: one replica fetches, the
    /// others wait and then use what it fetched. Replicas on several nodes need a claim of access mode ReadWriteMany.
    /// </summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? ClaimName { get; init; }

    /// <summary>
    /// Size of the claim that the operator makes; it may grow where the storage class allows that. Without storageClassName and accessMode: most that a
    /// replica's copy on the node's disk may take; the kubelet evicts a pod that takes more.
    /// </summary>
    public WrittenQuantity? Size { get; init; }

    /// <summary>Storage class of the PersistentVolumeClaim that the operator makes, named as the service with -model behind it, and deleted with it. A claim cannot change its class.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? StorageClassName { get; init; }

    /// <summary>Access mode of the claim that the operator makes. Absent: ReadWriteMany, since replicas share it. A claim cannot change its access mode.</summary>
    [Schema(Enum = ["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"])]
    public string? AccessMode { get; init; }
}
