using Octavo.ControllerRuntime.Retry;

namespace Octavo.ControllerRuntime.Queue;

/// <summary>A delay per key that doubles with every failure until the key is forgotten. Thread-safe; without jitter, as in client-go.</summary>
public sealed class ItemExponentialFailureRateLimiter(TimeSpan baseDelay, TimeSpan maxDelay)
{
    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, int> failures = [];

    public static readonly TimeSpan DefaultBaseDelay = TimeSpan.FromMilliseconds(5);
    public static readonly TimeSpan DefaultMaxDelay = TimeSpan.FromSeconds(1000);

    /// <summary>Counts a failure and gives the delay that it earns.</summary>
    public TimeSpan When(NamespacedName key)
    {
        lock (gate)
        {
            var count = failures.GetValueOrDefault(key);
            failures[key] = count + 1;
            return ExponentialBackoff.Delay(baseDelay, maxDelay, count);
        }
    }

    public void Forget(NamespacedName key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    public int NumRequeues(NamespacedName key)
    {
        lock (gate)
        {
            return failures.GetValueOrDefault(key);
        }
    }
}
