namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// Whether this process may write: open for as long as its lease is surely valid in everybody's eyes, or always where nobody contends for one. A token that
/// ends the work of a term tells the work to stop; this is what holds where the work does not, or where the process slept through the end of its term.
/// Thread-safe.
/// </summary>
public sealed class WriteGate : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider timeProvider;
    private readonly ITimer timer;
    private CancellationTokenSource open = new();
    private long until = long.MinValue;

    public WriteGate(TimeProvider timeProvider)
    {
        this.timeProvider = timeProvider;
        timer = timeProvider.CreateTimer(static state => ((WriteGate)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asked of the clock, so it is right even where timers are late.</summary>
    public bool IsOpen
    {
        get
        {
            lock (gate)
            {
                return IsOpenNow();
            }
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        open.Dispose();
    }

    /// <summary>A token that is cancelled when the gate shuts; false where it is shut already.</summary>
    internal bool TryEnter(out CancellationToken shut)
    {
        lock (gate)
        {
            shut = open.Token;
            return IsOpenNow() && !shut.IsCancellationRequested;
        }
    }

    internal void OpenAlways()
    {
        lock (gate)
        {
            Renew();
            until = long.MaxValue;
        }
    }

    /// <summary>Open until <paramref name="lasting"/> after the timestamp <paramref name="since"/>.</summary>
    internal void Open(long since, TimeSpan lasting)
    {
        lock (gate)
        {
            Renew();
            until = since + (long)(lasting.TotalSeconds * timeProvider.TimestampFrequency);
            Arm();
        }
    }

    internal void Shut()
    {
        CancellationTokenSource ended;
        lock (gate)
        {
            until = long.MinValue;
            ended = open;
        }

        ended.Cancel();
    }

    private bool IsOpenNow() => until == long.MaxValue || timeProvider.GetTimestamp() < until;

    private void Renew()
    {
        // Never disposed: writes of the last term may still hold its token, and it has no timer of its own.
        if (open.IsCancellationRequested)
        {
            open = new CancellationTokenSource();
        }
    }

    private void Arm()
    {
        var left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), until);
        timer.Change(left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        CancellationTokenSource ended;
        lock (gate)
        {
            if (IsOpenNow())
            {
                if (until != long.MaxValue)
                {
                    Arm();
                }

                return;
            }

            ended = open;
        }

        ended.Cancel();
    }
}
