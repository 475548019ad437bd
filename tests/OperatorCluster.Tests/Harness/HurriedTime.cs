namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>
/// A clock on which time passes faster than it does, for components that wait seconds while their work takes milliseconds. Clocks of one
/// <paramref name="factor"/> may show different times of day, as machines do; intervals are the same for all.
/// </summary>
internal sealed class HurriedTime(int factor, TimeSpan skew = default) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = System.GetUtcNow();
    private static readonly long Begun = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Beginning + skew + (System.GetElapsedTime(Begun) * factor);

    public override long GetTimestamp() => (System.GetElapsedTime(Begun) * factor).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Hurry(dueTime), Hurry(period)), this);

    private TimeSpan Hurry(TimeSpan span) => span <= TimeSpan.Zero ? span : span / factor;

    private sealed class Timer(ITimer timer, HurriedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Hurry(dueTime), time.Hurry(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
