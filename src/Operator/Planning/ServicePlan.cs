namespace Octavo.Operator.Planning;

/// <summary>What applying one InferenceService would do.</summary>
internal sealed record ServicePlan
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>create, change or none.</summary>
    public required string Action { get; init; }

    /// <summary>Why the operator would not do it; null where it would.</summary>
    public string? Refused { get; init; }

    public IReadOnlyList<PlannedChange> Changes { get; init; } = [];

    /// <summary>Pods that would be replaced; 0: none.</summary>
    public int ReplacedReplicas { get; init; }

    /// <summary>Replicas that exist now.</summary>
    public int TotalReplicas { get; init; }

    /// <summary>Replicas that are wanted.</summary>
    public int DesiredReplicas { get; init; }

    /// <summary>Surge or InPlace; null: no pod is replaced.</summary>
    public string? Strategy { get; init; }

    /// <summary>One of the reasons of the condition RolloutPlanned.</summary>
    public string? Reason { get; init; }

    /// <summary>The choice and why, as a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Null: the replicas compute on CPU.</summary>
    public string? Accelerator { get; init; }

    /// <summary>Accelerators of all wanted replicas.</summary>
    public int AcceleratorsNeeded { get; init; }

    /// <summary>Of those, what replicas that exist do not have yet.</summary>
    public int AcceleratorsAdditional { get; init; }

    /// <summary>Free on nodes that suit; null: not known.</summary>
    public long? AcceleratorsFree { get; init; }

    /// <summary>Whether all additional replicas find room; null: not known.</summary>
    public bool? Fits { get; init; }

    /// <summary>What was found of room, as a sentence.</summary>
    public string? Room { get; init; }

    public required Interruption Interruption { get; init; }

    /// <summary>What could not be checked.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public PlanExitCode ExitCode => Refused is not null ? PlanExitCode.Error
        : Action == "none" ? PlanExitCode.NoChanges
        : Fits == false ? PlanExitCode.DoesNotFit
        : Interruption.Level == Interruption.Full ? PlanExitCode.Interruption
        : PlanExitCode.Changes;
}
