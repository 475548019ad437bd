using Octavo.Operator.Workloads;

namespace Octavo.Operator.Rollout;

/// <summary>What one look at a service's rollout found.</summary>
/// <param name="Decision">How replicas are replaced, and why.</param>
/// <param name="Bounds">What the workload's controller is told.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Revision">Hash of the wanted template.</param>
internal sealed record RolloutPlan(RolloutDecision Decision, RolloutBounds Bounds, RolloutProgress Progress, string Revision);
