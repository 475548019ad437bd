namespace Octavo.LocalCluster.Node.Pods;

/// <summary>
/// The kubelet's restart back-off of one container: the first restart is immediate, the next waits <c>initial</c> after the exit, then twice as long each
/// time up to <c>max</c>; a container that ran for twice the maximum starts afresh.
/// </summary>
internal sealed class CrashLoopBackOff(TimeSpan initial, TimeSpan max)
{
    private DateTimeOffset? lastStart;

    /// <summary>The wait that counts now; zero before the first restart.</summary>
    public TimeSpan Current { get; private set; }

    /// <summary>How long after its exit the container must wait.</summary>
    public TimeSpan DelayAfter(DateTimeOffset finishedAt) => IsFresh(finishedAt) ? TimeSpan.Zero : Current;

    /// <summary>Records a restart and lengthens the next wait.</summary>
    public void RecordRestart(DateTimeOffset finishedAt, DateTimeOffset now)
    {
        Current = IsFresh(finishedAt) ? initial : TimeSpan.FromTicks(Math.Min(Current.Ticks * 2, max.Ticks));
        lastStart = now;
    }

    private bool IsFresh(DateTimeOffset finishedAt) => lastStart is not { } start || finishedAt - start > 2 * max;
}
