using System.Collections.Concurrent;

namespace Octavo.ControllerRuntime.Health;

/// <summary>
/// The loops of a process, each of which has to show life within a time of its own: what a liveness probe asks. A loop that waits for an API server which is
/// away is not stuck; one that is stuck is helped only by a restart. Thread-safe.
/// </summary>
public sealed class Heartbeats(TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<Heartbeat, byte> running = new();

    /// <summary>Loops that have not shown life for longer than they may, for people; empty while all is well.</summary>
    public IReadOnlyList<string> Stuck =>
    [
        .. running.Keys.Select(beat => (beat, Silence: timeProvider.GetElapsedTime(beat.Last)))
            .Where(loop => loop.Silence > loop.beat.Limit)
            .Select(loop => $"{loop.beat.Name}: no sign of life for {loop.Silence.TotalSeconds:0} s")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A loop begins; disposing of the heartbeat ends it. Beginning counts as a sign of life.</summary>
    public Heartbeat Begin(string name, TimeSpan limit)
    {
        var beat = new Heartbeat(name, limit, timeProvider, ended => running.TryRemove(ended, out _));
        running.TryAdd(beat, 0);
        return beat;
    }
}
