using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>What the autoscaler sees and did.</summary>
public sealed record AutoscalingStatus
{
    /// <summary>Fresh: every ready replica answered; Partial: some did; Absent: none did, and the number of replicas is held.</summary>
    public MetricsState? MetricsState { get; init; }

    /// <summary>The last change of the number of replicas.</summary>
    public ScalingDecision? LastDecision { get; init; }

    /// <summary>The last changes, newest first.</summary>
    [Schema(MaxItems = 5, ListType = "atomic")]
    public IReadOnlyList<ScalingDecision>? History { get; init; }
}
