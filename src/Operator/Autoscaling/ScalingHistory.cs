namespace Octavo.Operator.Autoscaling;

/// <summary>What the calculator remembers between two ticks.</summary>
internal sealed record ScalingHistory
{
    public static readonly ScalingHistory Empty = new();

    /// <summary>Since when the load has been known without a gap; null while it is not.</summary>
    public DateTimeOffset? KnownSince { get; init; }

    /// <summary>
    /// Most uncached prompt tokens a second that one replica was seen to compute while more than its target waited: what a replica can do. Null
    /// before that was ever seen. Low where the overload was short, which errs on the side of more replicas.
    /// </summary>
    public double? ReplicaPrefill { get; init; }

    /// <summary>What each tick would have chosen without windows and limits, oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset At, int Replicas)> Recommendations { get; init; } = [];

    /// <summary>Changes of the last minute, oldest first: they count against the limits per minute.</summary>
    public IReadOnlyList<(DateTimeOffset At, int Delta)> Changes { get; init; } = [];
}
