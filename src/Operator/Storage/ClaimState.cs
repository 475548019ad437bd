namespace Octavo.Operator.Storage;

/// <summary>A PersistentVolumeClaim, as far as it may keep pods waiting.</summary>
internal sealed record ClaimState
{
    public required string Name { get; init; }

    /// <summary>Pending, Bound or Lost; null: there is no such claim.</summary>
    public string? Phase { get; init; }

    public IReadOnlyList<string> AccessModes { get; init; } = [];

    /// <summary>Why it is Pending, in the words of whoever provides volumes; null where nobody said anything.</summary>
    public string? Event { get; init; }

    public bool IsUsable => Phase == "Bound";

    /// <summary>A Pending one may wait for its first consumer, which the fetch is.</summary>
    public bool CanBeFilled => Phase is not (null or "Lost");

    /// <summary>No second pod may mount it.</summary>
    public bool IsOfOnePod => AccessModes is ["ReadWriteOncePod"];

    /// <summary>Pods that mount it run on one node.</summary>
    public bool IsOfOneNode => AccessModes.Count > 0 && !AccessModes.Contains("ReadWriteMany", StringComparer.Ordinal) && !AccessModes.Contains("ReadOnlyMany", StringComparer.Ordinal);
}
