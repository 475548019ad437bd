namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "PersistentVolumeClaim", PluralName = "persistentvolumeclaims")]
public sealed record V1PersistentVolumeClaim : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "PersistentVolumeClaim";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1PersistentVolumeClaimSpec? Spec { get; init; }
    public V1PersistentVolumeClaimStatus? Status { get; init; }
}

public sealed record V1PersistentVolumeClaimSpec : KubernetesRecord
{
    /// <summary>ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.</summary>
    public IReadOnlyList<string>? AccessModes { get; init; }

    public V1ResourceRequirements? Resources { get; init; }
    public string? StorageClassName { get; init; }
    public string? VolumeMode { get; init; }
    public string? VolumeName { get; init; }
    public V1LabelSelector? Selector { get; init; }
}

public sealed record V1PersistentVolumeClaimStatus : KubernetesRecord
{
    /// <summary>Pending, Bound or Lost.</summary>
    public string? Phase { get; init; }

    public IReadOnlyList<string>? AccessModes { get; init; }
    public IReadOnlyDictionary<string, string>? Capacity { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
