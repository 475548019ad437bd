namespace Octavo.Operator.Autoscaling;

/// <summary>One replica as the autoscaler sees it.</summary>
internal sealed record ReplicaSample
{
    public required string Pod { get; init; }

    /// <summary>When it became ready; null while it is not.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>Its load; null where no answer is young enough. A missing load is unknown, never zero.</summary>
    public ReplicaLoad? Load { get; init; }

    /// <summary>Whether it became ready within the warm-up: its cache is still filling.</summary>
    public bool IsCold(TimeSpan warmUp, DateTimeOffset now) => now - ReadySince < warmUp;
}
