namespace Octavo.Operator.Entities;

/// <summary>How far the replacement of replicas has come.</summary>
public sealed record RolloutStatus
{
    /// <summary>How replicas are replaced: Surge, a new one before an old one goes, or InPlace, an old one goes first.</summary>
    public string? Strategy { get; init; }

    /// <summary>Why they are replaced so, for machines.</summary>
    public string? Reason { get; init; }

    /// <summary>Why they are replaced so, in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Hash of the template that replicas are brought to.</summary>
    public string? Revision { get; init; }

    /// <summary>Replicas of that template.</summary>
    public int? UpdatedReplicas { get; init; }

    /// <summary>Replicas of that template that are ready.</summary>
    public int? ReadyReplicas { get; init; }

    /// <summary>Replicas of any template.</summary>
    public int? TotalReplicas { get; init; }
}
