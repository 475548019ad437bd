using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Events;

/// <summary>client-go's correlation: what was written under a key, and a token bucket per object (25 at once, then one in five minutes). Bounded in size.</summary>
internal sealed class EventCorrelator(TimeProvider timeProvider)
{
    public const int Burst = 25;
    public static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);
    private const int MaxEntries = 4096;

    private readonly Lock gate = new();
    private readonly LinkedList<Entry> recent = [];
    private readonly Dictionary<EventKey, LinkedListNode<Entry>> entries = [];
    private readonly Dictionary<string, Bucket> buckets = new(StringComparer.Ordinal);

    public bool TryTake(EventKey key)
    {
        lock (gate)
        {
            var now = timeProvider.GetTimestamp();
            if (!buckets.TryGetValue(key.About, out var bucket))
            {
                if (buckets.Count >= MaxEntries)
                {
                    DropFullBuckets(now);
                }

                buckets[key.About] = bucket = new Bucket { Tokens = Burst, At = now };
            }

            bucket.Tokens = Tokens(bucket, now);
            bucket.At = now;
            if (bucket.Tokens < 1)
            {
                return false;
            }

            bucket.Tokens--;
            return true;
        }
    }

    /// <summary>The only holder of the key until it is disposed.</summary>
    public async Task<Entry> EnterAsync(EventKey key, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (gate)
        {
            if (entries.TryGetValue(key, out var node))
            {
                recent.Remove(node);
                recent.AddFirst(node);
            }
            else
            {
                entries[key] = node = recent.AddFirst(new Entry(key));
                if (entries.Count > MaxEntries)
                {
                    entries.Remove(recent.Last!.Value.Key);
                    recent.RemoveLast();
                }
            }

            entry = node.Value;
        }

        await entry.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        return entry;
    }

    private double Tokens(Bucket bucket, long now) => Math.Min(Burst, bucket.Tokens + (timeProvider.GetElapsedTime(bucket.At, now) / Refill));

    // A full bucket says no more than no bucket. Where all are in use the oldest talk is forgotten.
    private void DropFullBuckets(long now)
    {
        foreach (var (about, bucket) in buckets.OrderBy(b => b.Value.At).ToList())
        {
            if (Tokens(bucket, now) >= Burst || buckets.Count >= MaxEntries)
            {
                buckets.Remove(about);
            }
        }
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long At { get; set; }
    }

    internal sealed class Entry(EventKey key) : IDisposable
    {
        public EventKey Key { get; } = key;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public Corev1Event? Written { get; set; }

        public void Dispose() => Gate.Release();
    }
}
