namespace Octavo.ControllerRuntime.Retry;

/// <summary>Delays that double up to a limit; jitter (a fraction of the delay, added) keeps many clients from returning at once.</summary>
public sealed class ExponentialBackoff(TimeSpan initial, TimeSpan max, double jitter, Random random)
{
    private int failures;

    /// <summary>The delay after one more failure.</summary>
    public TimeSpan Next()
    {
        var delay = Delay(initial, max, failures++);
        return delay + (delay * jitter * random.NextDouble());
    }

    public void Reset() => failures = 0;

    /// <summary>initial * 2^failures, at most max; never overflows.</summary>
    public static TimeSpan Delay(TimeSpan initial, TimeSpan max, int failures)
    {
        var seconds = initial.TotalSeconds * Math.Pow(2, failures);
        return seconds < max.TotalSeconds ? TimeSpan.FromSeconds(seconds) : max;
    }
}
