using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>The outcome of one tick.</summary>
/// <param name="Replicas">Replicas to have; the current number where nothing changes.</param>
/// <param name="Reason">The deciding signal, UpperCamelCase.</param>
/// <param name="Message">The reason in a sentence; also says why a wish was held back.</param>
internal sealed record ScalingOutcome(int Replicas, string Reason, string Message, MetricsState MetricsState, ScalingInputs Inputs, ScalingHistory History)
{
    /// <summary>Targets of the spec that the replicas' metrics say nothing of, by field; null where there is none.</summary>
    public string? BlindTargets { get; init; }
}
