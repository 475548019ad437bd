using System.Diagnostics;

namespace Octavo.TestSupport;

/// <summary>Waits for what other threads do, which takes microseconds; never for a clock, which tests move themselves.</summary>
public static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Returns as soon as the condition holds; throws where it never does.</summary>
    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Limit)
            {
                throw new TimeoutException($"never: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System).ConfigureAwait(false);
        }
    }

    /// <summary>Moves the clock in steps until the condition holds, for code that waits several times on its way.</summary>
    public static async Task HoldsAsync(Func<bool> condition, FakeTimeProvider clock, TimeSpan step, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Limit)
            {
                throw new TimeoutException($"never: {what}");
            }

            clock.Advance(step);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System).ConfigureAwait(false);
        }
    }
}
