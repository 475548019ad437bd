using System.Text.Json.Serialization;
using Octavo.KubernetesClient.Json;

namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(Group = "coordination.k8s.io", ApiVersion = "v1", Kind = "Lease", PluralName = "leases")]
public sealed record V1Lease : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "coordination.k8s.io/v1";
    public string? Kind { get; init; } = "Lease";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1LeaseSpec? Spec { get; init; }
}

public sealed record V1LeaseSpec : KubernetesRecord
{
    /// <summary>Empty or absent: nobody holds the lease.</summary>
    public string? HolderIdentity { get; init; }

    public int? LeaseDurationSeconds { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    public int? LeaseTransitions { get; init; }
}
