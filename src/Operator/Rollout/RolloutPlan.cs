namespace Octavo.Operator.Rollout;

/// <summary>What one look at a service's rollout found.</summary>
/// <param name="Decision">What the workload's controller is told.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Revision">Hash of the wanted template.</param>
internal sealed record RolloutPlan(RolloutDecision Decision, RolloutProgress Progress, string Revision);
