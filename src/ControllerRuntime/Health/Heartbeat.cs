namespace Octavo.ControllerRuntime.Health;

/// <summary>The signs of life of one loop; made by <see cref="Heartbeats.Begin"/>.</summary>
public sealed class Heartbeat : IDisposable
{
    private readonly TimeProvider timeProvider;
    private readonly Action<Heartbeat> ended;
    private long last;

    internal Heartbeat(string name, TimeSpan limit, TimeProvider timeProvider, Action<Heartbeat> ended)
    {
        (Name, Limit, this.timeProvider, this.ended) = (name, limit, timeProvider, ended);
        Beat();
    }

    internal string Name { get; }

    /// <summary>The longest silence that is no reason to worry.</summary>
    internal TimeSpan Limit { get; }

    internal long Last => Volatile.Read(ref last);

    public void Beat() => Volatile.Write(ref last, timeProvider.GetTimestamp());

    public void Dispose() => ended(this);
}
