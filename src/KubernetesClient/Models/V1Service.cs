namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Service", PluralName = "services")]
public sealed record V1Service : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Service";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1ServiceSpec? Spec { get; init; }
    public V1ServiceStatus? Status { get; init; }
}

public sealed record V1ServiceSpec : KubernetesRecord
{
    public IReadOnlyList<V1ServicePort>? Ports { get; init; }
    public IReadOnlyDictionary<string, string>? Selector { get; init; }

    /// <summary>"None" for a headless service.</summary>
    public string? ClusterIP { get; init; }

    public IReadOnlyList<string>? ClusterIPs { get; init; }

    /// <summary>ClusterIP, NodePort, LoadBalancer or ExternalName.</summary>
    public string? Type { get; init; }

    public string? ExternalName { get; init; }
    public string? SessionAffinity { get; init; }
    public bool? PublishNotReadyAddresses { get; init; }
    public IReadOnlyList<string>? IpFamilies { get; init; }
    public string? IpFamilyPolicy { get; init; }
    public string? InternalTrafficPolicy { get; init; }
}

public sealed record V1ServicePort : KubernetesRecord
{
    public string? Name { get; init; }
    public required int Port { get; init; }
    public IntOrString? TargetPort { get; init; }
    public string? Protocol { get; init; }
    public string? AppProtocol { get; init; }
    public int? NodePort { get; init; }
}

public sealed record V1ServiceStatus : KubernetesRecord
{
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
