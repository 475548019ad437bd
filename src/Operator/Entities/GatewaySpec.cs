using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Objects of the Gateway API that are written for the service where the cluster has their kinds, and removed when they are no longer asked for.</summary>
public sealed record GatewaySpec
{
    /// <summary>An HTTPRoute that leads from Gateways to the service. Absent: none is written.</summary>
    public HttpRouteSpec? HttpRoute { get; init; }

    /// <summary>An InferencePool of the replicas, for Gateways with an endpoint picker. Absent: none is written.</summary>
    public InferencePoolSpec? InferencePool { get; init; }
}

/// <summary>An HTTPRoute that leads from Gateways to the service.</summary>
public sealed record HttpRouteSpec
{
    /// <summary>The Gateways that the route attaches to.</summary>
    [Schema(MinItems = 1, MaxItems = 8, ListType = "atomic")]
    public required IReadOnlyList<ParentReferenceSpec> ParentRefs { get; init; }

    /// <summary>Host names that the route answers. Absent: those of the Gateway's listener.</summary>
    [Schema(MaxItems = 16, ItemMaxLength = 253, ListType = "atomic")]
    public IReadOnlyList<string>? Hostnames { get; init; }

    /// <summary>Whether the route leads to the InferencePool instead of the Service. Absent: false.</summary>
    public bool? ToInferencePool { get; init; }
}

/// <summary>A Gateway that a route attaches to.</summary>
public sealed record ParentReferenceSpec
{
    /// <summary>Name of the Gateway.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Name { get; init; }

    /// <summary>Namespace of the Gateway. Absent: that of the service.</summary>
    [Schema(MinLength = 1, MaxLength = 63)]
    public string? Namespace { get; init; }

    /// <summary>The listener of the Gateway. Absent: every one that allows the route.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? SectionName { get; init; }
}

/// <summary>An InferencePool of the replicas.</summary>
public sealed record InferencePoolSpec
{
    /// <summary>The endpoint picker's Service, in the namespace of the service.</summary>
    public required EndpointPickerSpec EndpointPicker { get; init; }
}

/// <summary>The Service of an endpoint picker.</summary>
public sealed record EndpointPickerSpec
{
    /// <summary>Name of the Service.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Name { get; init; }

    /// <summary>Port of the Service. Absent: 9002.</summary>
    [Schema(Minimum = 1, Maximum = 65535)]
    public int? Port { get; init; }

    /// <summary>What a Gateway does while the picker does not answer: FailOpen takes any replica, FailClose refuses. Absent: the pool's own default (FailClose).</summary>
    [Schema(Enum = ["FailOpen", "FailClose"])]
    public string? FailureMode { get; init; }
}
