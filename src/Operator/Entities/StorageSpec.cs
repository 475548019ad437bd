using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>
/// Where fetched models lie: on a claim that exists (claimName), on one that the operator makes (size with storageClassName or accessMode), or on the node's disk,
/// where each replica fetches its own copy (size alone, or nothing).
/// </summary>
[ValidationRule("!has(self.claimName) || !(has(self.size) || has(self.storageClassName) || has(self.accessMode))", "claimName excludes size, storageClassName and accessMode")]
[ValidationRule("has(self.size) || !(has(self.storageClassName) || has(self.accessMode))", "storageClassName and accessMode need size")]
[ValidationRule("!has(oldSelf.storageClassName) || (has(self.storageClassName) && self.storageClassName == oldSelf.storageClassName)",
    "a claim cannot change its storageClassName: remove spec.storage, delete the claim and set it again", Reason = "FieldValueForbidden", FieldPath = ".storageClassName")]
[ValidationRule("!has(oldSelf.accessMode) || (has(self.accessMode) && self.accessMode == oldSelf.accessMode)",
    "a claim cannot change its accessMode: remove spec.storage, delete the claim and set it again", Reason = "FieldValueForbidden", FieldPath = ".accessMode")]
[ValidationRule("!(has(self.size) && has(oldSelf.size) && (has(self.storageClassName) || has(self.accessMode))) || quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0",
    "a claim cannot shrink", Reason = "FieldValueForbidden", FieldPath = ".size")]
[ValidationRule("!has(self.fill) || self.fill != 'Job' || has(self.claimName) || has(self.storageClassName) || has(self.accessMode)",
    "fill Job needs a claim: claimName, or size with storageClassName or accessMode", FieldPath = ".fill")]
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
    [ValidationRule(WrittenQuantity.Positive, "size must be more than 0")]
    public WrittenQuantity? Size { get; init; }

    /// <summary>Storage class of the PersistentVolumeClaim that the operator makes, named as the service with -model behind it, and deleted with it. A claim cannot change its class.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? StorageClassName { get; init; }

    /// <summary>Access mode of the claim that the operator makes. Absent: ReadWriteMany, since replicas share it. A claim cannot change its access mode.</summary>
    [Schema(Enum = ["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"])]
    public string? AccessMode { get; init; }

    /// <summary>Who fetches: Init, and absent: an init container of each replica, one of them where they share a claim; Job: one Job for all services that want the same model on the same claim.</summary>
    [Schema(Enum = ["Init", "Job"])]
    public string? Fill { get; init; }

    /// <summary>How long a fetch may take in all before it counts as failed. Absent: as long as it makes progress.</summary>
    [Schema(Minimum = 60, Maximum = 604_800)]
    public int? DeadlineSeconds { get; init; }
}
