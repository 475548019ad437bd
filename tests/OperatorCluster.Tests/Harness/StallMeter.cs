namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>How long this process got no processor though it asked for one: time in which neither a component nor a test can keep a promise.</summary>
internal sealed class StallMeter : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>What a busy but working machine may take longer.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private long total;
    private long longest;

    public StallMeter() => running = RunAsync();

    /// <summary>All stalls together.</summary>
    public TimeSpan Total => TimeSpan.FromTicks(Volatile.Read(ref total));

    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref longest));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        // On the thread pool, as the leader elections are.
        while (!stopping.IsCancellationRequested)
        {
            var begin = TimeProvider.System.GetTimestamp();
            await Task.Delay(Tick, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            var stall = TimeProvider.System.GetElapsedTime(begin) - Tick;
            if (stall > Usual)
            {
                Volatile.Write(ref total, total + stall.Ticks);
                Volatile.Write(ref longest, Math.Max(longest, stall.Ticks));
            }
        }
    }
}
