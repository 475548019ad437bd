using System.Text.Json.Serialization;

namespace Octavo.Operator.Entities;

/// <summary>How much of the replicas' load is known. Absent is a state of its own and never reads as no load.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MetricsState>))]
public enum MetricsState
{
    /// <summary>No replica's load is known.</summary>
    Absent,

    /// <summary>The load of some ready replicas is known.</summary>
    Partial,

    /// <summary>The load of every ready replica is known.</summary>
    Fresh,
}
