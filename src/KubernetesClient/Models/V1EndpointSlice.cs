namespace Octavo.KubernetesClient.Models;

/// <summary>Some of the endpoints of one Service, which the label <c>kubernetes.io/service-name</c> names.</summary>
[KubernetesEntity(Group = "discovery.k8s.io", ApiVersion = "v1", Kind = "EndpointSlice", PluralName = "endpointslices")]
public sealed record V1EndpointSlice : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "discovery.k8s.io/v1";
    public string? Kind { get; init; } = "EndpointSlice";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>IPv4, IPv6 or FQDN.</summary>
    public string? AddressType { get; init; }

    public IReadOnlyList<V1Endpoint>? Endpoints { get; init; }
    public IReadOnlyList<Discoveryv1EndpointPort>? Ports { get; init; }
}

public sealed record V1Endpoint : KubernetesRecord
{
    public IReadOnlyList<string>? Addresses { get; init; }
    public V1EndpointConditions? Conditions { get; init; }
    public string? Hostname { get; init; }
    public string? NodeName { get; init; }
    public string? Zone { get; init; }
    public V1ObjectReference? TargetRef { get; init; }
}

public sealed record V1EndpointConditions : KubernetesRecord
{
    /// <summary>Absent means unknown, which consumers treat as ready.</summary>
    public bool? Ready { get; init; }

    public bool? Serving { get; init; }
    public bool? Terminating { get; init; }
}

public sealed record Discoveryv1EndpointPort : KubernetesRecord
{
    public string? Name { get; init; }

    /// <summary>Absent means all ports.</summary>
    public int? Port { get; init; }

    public string? Protocol { get; init; }
    public string? AppProtocol { get; init; }
}
