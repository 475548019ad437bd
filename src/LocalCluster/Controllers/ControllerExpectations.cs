using System.Collections.Concurrent;
using Octavo.ControllerRuntime;

namespace Octavo.LocalCluster.Controllers;

/// <summary>
/// What a controller has done that its informer has not shown it yet. While creations or deletions of an owner are outstanding it must not count again,
/// or it would do them twice. An expectation that is never met (a missed event) expires.
/// </summary>
internal sealed class ControllerExpectations(TimeProvider time)
{
    internal static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<NamespacedName, Outstanding> outstanding = new();

    /// <summary>True when nothing is outstanding for this owner, or it has been for too long.</summary>
    public bool Satisfied(NamespacedName owner)
    {
        if (!outstanding.TryGetValue(owner, out var entry))
        {
            return true;
        }

        lock (entry)
        {
            return (entry.Creations <= 0 && entry.Deletions.Count == 0) || time.GetUtcNow() - entry.Since > Timeout;
        }
    }

    public void ExpectCreations(NamespacedName owner, int count) => Change(owner, e => e.Creations = count);

    public void ExpectDeletions(NamespacedName owner, IEnumerable<string> uids) => Change(owner, e => e.Deletions.UnionWith(uids));

    /// <summary>A creation was seen, or failed and will not be.</summary>
    public void CreationObserved(NamespacedName owner)
    {
        if (outstanding.TryGetValue(owner, out var entry))
        {
            lock (entry)
            {
                entry.Creations--;
            }
        }
    }

    public void DeletionObserved(NamespacedName owner, string uid)
    {
        if (outstanding.TryGetValue(owner, out var entry))
        {
            lock (entry)
            {
                entry.Deletions.Remove(uid);
            }
        }
    }

    public void Forget(NamespacedName owner) => outstanding.TryRemove(owner, out _);

    private void Change(NamespacedName owner, Action<Outstanding> change)
    {
        var entry = outstanding.GetOrAdd(owner, _ => new Outstanding());
        lock (entry)
        {
            if (entry.Creations <= 0 && entry.Deletions.Count == 0)
            {
                entry.Creations = 0;
            }

            change(entry);
            entry.Since = time.GetUtcNow();
        }
    }

    private sealed class Outstanding
    {
        public int Creations { get; set; }
        public HashSet<string> Deletions { get; } = new(StringComparer.Ordinal);
        public DateTimeOffset Since { get; set; }
    }
}
