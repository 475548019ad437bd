using System.Threading.Channels;
using Octavo.ControllerRuntime.Metrics;

namespace Octavo.ControllerRuntime.Queue;

/// <summary>
/// client-go's work queue. A key that waits is there once however often it is added; a key that is being worked on is never given out a second time,
/// but remembered, and given out again after <see cref="Done"/>. Thread-safe.
/// </summary>
public sealed class WorkQueue : IDisposable
{
    private readonly Lock gate = new();
    private readonly Channel<NamespacedName> ready = Channel.CreateUnbounded<NamespacedName>();

    /// <summary>Wants work: in <see cref="ready"/>, or in <see cref="processing"/> and added again meanwhile.</summary>
    private readonly Dictionary<NamespacedName, long> dirty = [];

    private readonly Dictionary<NamespacedName, long> processing = [];
    private readonly Dictionary<NamespacedName, Delayed> delayed = [];
    private readonly ItemExponentialFailureRateLimiter limiter;
    private readonly TimeProvider timeProvider;
    private readonly ControllerMetrics? metrics;
    private bool shutDown;

    public WorkQueue(string name, TimeProvider timeProvider, ItemExponentialFailureRateLimiter? limiter = null, ControllerMetrics? metrics = null)
    {
        Name = name;
        this.timeProvider = timeProvider;
        this.limiter = limiter ?? new ItemExponentialFailureRateLimiter(
            ItemExponentialFailureRateLimiter.DefaultBaseDelay, ItemExponentialFailureRateLimiter.DefaultMaxDelay);
        this.metrics = metrics;
        metrics?.QueueCreated(name, Unfinished);
    }

    public string Name { get; }

    /// <summary>Keys that wait to be given out, without those whose delay is not over.</summary>
    public int Count => ready.Reader.Count;

    public bool IsShutDown
    {
        get
        {
            lock (gate)
            {
                return shutDown;
            }
        }
    }

    public void Add(NamespacedName key)
    {
        lock (gate)
        {
            if (shutDown || !dirty.TryAdd(key, timeProvider.GetTimestamp()))
            {
                return;
            }

            metrics?.QueueAdded(Name);
            if (!processing.ContainsKey(key))
            {
                MakeReady(key);
            }
        }
    }

    /// <summary>Adds after a delay; of several delays of one key the earliest counts.</summary>
    public void AddAfter(NamespacedName key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        lock (gate)
        {
            if (shutDown)
            {
                return;
            }

            var due = timeProvider.GetTimestamp() + (long)(delay.TotalSeconds * timeProvider.TimestampFrequency);
            if (delayed.TryGetValue(key, out var waiting))
            {
                if (waiting.Due <= due)
                {
                    return;
                }

                waiting.Timer?.Dispose();
            }

            var entry = new Delayed(key, due);
            delayed[key] = entry;
            entry.Timer = timeProvider.CreateTimer(state => Fire((Delayed)state!), entry, delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Adds after the delay that the key's failures have earned.</summary>
    public void AddRateLimited(NamespacedName key)
    {
        metrics?.QueueRetried(Name);
        AddAfter(key, limiter.When(key));
    }

    /// <summary>The key did well, or is not to be tried again: its failures no longer count. It says nothing about being done.</summary>
    public void Forget(NamespacedName key) => limiter.Forget(key);

    public int NumRequeues(NamespacedName key) => limiter.NumRequeues(key);

    /// <summary>Waits for a key, to be followed by <see cref="Done"/>; null after <see cref="ShutDown"/> when all that waited was given out.</summary>
    public async ValueTask<NamespacedName?> GetAsync(CancellationToken cancellationToken)
    {
        while (await ready.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            lock (gate)
            {
                if (ready.Reader.TryRead(out var key))
                {
                    var now = timeProvider.GetTimestamp();
                    dirty.Remove(key, out var added);
                    processing[key] = now;
                    metrics?.QueueGiven(Name, timeProvider.GetElapsedTime(added, now));
                    return key;
                }
            }
        }

        return null;
    }

    public void Done(NamespacedName key)
    {
        lock (gate)
        {
            if (!processing.Remove(key, out var started))
            {
                return;
            }

            metrics?.QueueDone(Name, timeProvider.GetElapsedTime(started));
            if (dirty.ContainsKey(key))
            {
                MakeReady(key);
            }
        }
    }

    /// <summary>Nothing more is taken in; what waits is still given out, delays are dropped.</summary>
    public void ShutDown()
    {
        lock (gate)
        {
            shutDown = true;
            foreach (var entry in delayed.Values)
            {
                entry.Timer?.Dispose();
            }

            delayed.Clear();
            ready.Writer.TryComplete();
        }
    }

    public void Dispose() => ShutDown();

    private (double Sum, double Longest) Unfinished()
    {
        lock (gate)
        {
            var now = timeProvider.GetTimestamp();
            double sum = 0, longest = 0;
            foreach (var started in processing.Values)
            {
                var seconds = timeProvider.GetElapsedTime(started, now).TotalSeconds;
                sum += seconds;
                longest = Math.Max(longest, seconds);
            }

            return (sum, longest);
        }
    }

    private void MakeReady(NamespacedName key)
    {
        if (ready.Writer.TryWrite(key))
        {
            metrics?.QueueWaiting(Name);
        }
    }

    private void Fire(Delayed entry)
    {
        lock (gate)
        {
            // A timer that was replaced may still fire.
            if (!delayed.TryGetValue(entry.Key, out var current) || !ReferenceEquals(current, entry))
            {
                return;
            }

            delayed.Remove(entry.Key);
            entry.Timer?.Dispose();
            Add(entry.Key);
        }
    }

    private sealed class Delayed(NamespacedName key, long due)
    {
        public NamespacedName Key { get; } = key;

        public long Due { get; } = due;

        public ITimer? Timer { get; set; }
    }
}
