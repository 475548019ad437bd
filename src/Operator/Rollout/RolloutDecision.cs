namespace Octavo.Operator.Rollout;

/// <summary>What the workload's controller is told of the rollout.</summary>
internal sealed record RolloutDecision
{
    /// <summary>
    /// The bounds while nothing is replaced. Nothing is ever taken down under them: a restart that somebody asks of the workload directly waits, if it must,
    /// until the planner has looked.
    /// </summary>
    public static readonly RolloutDecision AtRest = new() { Mode = RolloutMode.Surge, MaxSurge = 1, MaxUnavailable = 0, Reason = "Complete", Message = "No replica is to be replaced." };

    /// <summary>Replicas of an older template are there, or become old by this apply.</summary>
    public bool IsRolling { get; init; }

    public required RolloutMode Mode { get; init; }

    public required int MaxSurge { get; init; }

    /// <summary>Never zero together with <see cref="MaxSurge"/>: the API server refuses that.</summary>
    public required int MaxUnavailable { get; init; }

    /// <summary>The workload's controller is told to stop replacing.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Why this mode, UpperCamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>The choice and why, as a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Why it is held; null where it is not.</summary>
    public RevisionFailure? Failure { get; init; }

    /// <summary>What was found of room for a surge; null where nobody asked.</summary>
    public CapacityProof? Proof { get; init; }

    /// <summary>When to plan again though nothing changed; null: at the next change.</summary>
    public TimeSpan? LookAgainIn { get; init; }
}
