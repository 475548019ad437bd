using System.Text.Json.Serialization;
using Octavo.KubernetesClient.Json;

namespace Octavo.KubernetesClient.Models;

/// <summary>An Event of <c>core/v1</c>, as <c>kubectl describe</c> shows it.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "Event", PluralName = "events")]
public sealed record Corev1Event : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "v1";
    public string? Kind { get; init; } = "Event";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1ObjectReference? InvolvedObject { get; init; }

    /// <summary>Normal or Warning.</summary>
    public string? Type { get; init; }

    /// <summary>UpperCamelCase, for machines.</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }
    public V1EventSource? Source { get; init; }
    public int? Count { get; init; }
    public DateTimeOffset? FirstTimestamp { get; init; }
    public DateTimeOffset? LastTimestamp { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    public string? Action { get; init; }
    public V1ObjectReference? Related { get; init; }
    public string? ReportingComponent { get; init; }
    public string? ReportingInstance { get; init; }
}

public sealed record V1EventSource : KubernetesRecord
{
    public string? Component { get; init; }
    public string? Host { get; init; }
}
