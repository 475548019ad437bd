using Octavo.Operator.Scraping;

namespace Octavo.Operator.Autoscaling;

/// <summary>
/// The last minute of one replica's counters, a few points of it: what it does now and not what it did since it started. Immutable.
/// </summary>
internal sealed class CounterWindow
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
    public static readonly CounterWindow Empty = new([]);

    /// <summary>Points that are closer are replaced: a fleet's windows must not fill the memory.</summary>
    private static readonly TimeSpan Spacing = Length / 6;

    /// <summary>Oldest first; the first may be older than the window, so that it is covered wholly.</summary>
    private readonly (DateTimeOffset At, ReplicaCounters Counters)[] points;

    private CounterWindow((DateTimeOffset At, ReplicaCounters Counters)[] points) => this.points = points;

    /// <summary>Null before the second answer.</summary>
    public ReplicaRates? Rates { get; private init; }

    public int Count => points.Length;

    /// <summary>With a new answer. A counter that went back, and a gap longer than the window, start it anew.</summary>
    public CounterWindow With(DateTimeOffset at, ReplicaCounters counters)
    {
        if (points.Length == 0 || at - points[^1].At > Length || counters.WentBackSince(points[^1].Counters))
        {
            return new CounterWindow([(at, counters)]);
        }

        var kept = points.AsSpan();
        if (kept.Length >= 2 && kept[^1].At - kept[^2].At < Spacing)
        {
            kept = kept[..^1];
        }

        while (kept.Length >= 2 && kept[1].At <= at - Length)
        {
            kept = kept[1..];
        }

        var span = at - kept[0].At;
        return new CounterWindow([.. kept, (at, counters)]) { Rates = span > TimeSpan.Zero ? ReplicaRates.Between(kept[0].Counters, counters, span) : null };
    }
}
