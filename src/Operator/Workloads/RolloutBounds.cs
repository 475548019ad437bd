namespace Octavo.Operator.Workloads;

/// <summary>What the workload's controller is told of a rollout.</summary>
/// <param name="MaxSurge">Replicas beyond the wanted number that may exist.</param>
/// <param name="MaxUnavailable">Wanted replicas that may be missing; never zero together with <paramref name="MaxSurge"/>, which API servers refuse.</param>
/// <param name="IsPaused">Nothing is replaced.</param>
/// <param name="ProgressDeadlineSeconds">How long a rollout may stand still before it counts as stuck.</param>
internal sealed record RolloutBounds(int MaxSurge, int MaxUnavailable, bool IsPaused = false, int ProgressDeadlineSeconds = 3600);
