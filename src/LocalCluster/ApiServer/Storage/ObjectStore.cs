using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Storage;

/// <summary>
/// Objects in memory, under one revision counter as in etcd. Every write is one revision and one event; the newest events
/// are kept, older ones are compacted away, and reading past them is refused. Thread-safe.
/// </summary>
/// <remarks>A <see cref="JsonObject"/> handed in belongs to the store from then on. A snapshot is immutable, so a list never blocks a write.</remarks>
internal sealed class ObjectStore(int historyLimit = 20_000)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupResource, ImmutableSortedDictionary<string, StoredObject>> _collections = [];
    private readonly Dictionary<GroupResource, TaskCompletionSource> _signals = [];
    // Every revision is exactly one event, so the event of revision r is at index r - _compacted - 1.
    private readonly List<StoreEvent> _history = [];
    private long _revision = 1;
    private long _compacted = 1;

    /// <summary>The newest revision.</summary>
    public long Revision
    {
        get
        {
            lock (_gate)
            {
                return _revision;
            }
        }
    }

    /// <summary>Events up to this revision are gone.</summary>
    public long CompactedRevision
    {
        get
        {
            lock (_gate)
            {
                return _compacted;
            }
        }
    }

    public StoredObject? Get(GroupResource resource, string ns, string name)
    {
        lock (_gate)
        {
            return Collection(resource).GetValueOrDefault(StoredObject.KeyOf(ns, name));
        }
    }

    /// <summary>The collection as it is now.</summary>
    public StoreSnapshot Snapshot(GroupResource resource)
    {
        lock (_gate)
        {
            return new StoreSnapshot(_revision, Collection(resource));
        }
    }

    /// <summary>The collection as it was at an older revision, or null when that revision is compacted away or not reached.</summary>
    public StoreSnapshot? SnapshotAt(GroupResource resource, long revision)
    {
        lock (_gate)
        {
            if (revision < _compacted || revision > _revision)
            {
                return null;
            }

            var objects = Collection(resource).ToBuilder();
            foreach (var change in After(revision, resource).Reverse())
            {
                if (change.Previous is null)
                {
                    objects.Remove(change.Object.Key);
                }
                else
                {
                    objects[change.Object.Key] = change.Previous;
                }
            }

            return new StoreSnapshot(revision, objects.ToImmutable());
        }
    }

    /// <summary>Stores a new object, or returns null when the name is taken.</summary>
    public StoredObject? TryCreate(GroupResource resource, string ns, string name, JsonObject value)
    {
        lock (_gate)
        {
            var collection = Collection(resource);
            if (collection.ContainsKey(StoredObject.KeyOf(ns, name)))
            {
                return null;
            }

            var stored = Stamp(resource, ns, name, value);
            _collections[resource] = collection.Add(stored.Key, stored);
            Commit(new StoreEvent(stored.Revision, StoreEventType.Added, stored, null));
            return stored;
        }
    }

    /// <summary>Replaces <paramref name="expected"/>, or returns null when it is no longer the newest state.</summary>
    public StoredObject? TryUpdate(StoredObject expected, JsonObject value)
    {
        lock (_gate)
        {
            var collection = Collection(expected.Resource);
            if (!IsCurrent(collection, expected))
            {
                return null;
            }

            var stored = Stamp(expected.Resource, expected.Namespace, expected.Name, value);
            _collections[expected.Resource] = collection.SetItem(stored.Key, stored);
            Commit(new StoreEvent(stored.Revision, StoreEventType.Modified, stored, expected));
            return stored;
        }
    }

    /// <summary>Removes <paramref name="expected"/>, or returns null when it is no longer the newest state.</summary>
    /// <param name="finalState">What the DELETED event shows; the stored state when null.</param>
    public StoredObject? TryDelete(StoredObject expected, JsonObject? finalState = null)
    {
        lock (_gate)
        {
            var collection = Collection(expected.Resource);
            if (!IsCurrent(collection, expected))
            {
                return null;
            }

            var last = Stamp(expected.Resource, expected.Namespace, expected.Name, finalState ?? (JsonObject)expected.Value.DeepClone());
            _collections[expected.Resource] = collection.Remove(last.Key);
            Commit(new StoreEvent(last.Revision, StoreEventType.Deleted, last, expected));
            return last;
        }
    }

    /// <summary>
    /// The events of a collection after a revision, oldest first, and the revision up to which they are complete.
    /// Null when some of them are compacted away.
    /// </summary>
    public (IReadOnlyList<StoreEvent> Events, long UpTo)? ReadEvents(GroupResource resource, long after)
    {
        lock (_gate)
        {
            if (after < _compacted)
            {
                return null;
            }

            return after >= _revision
                ? ([], Math.Max(after, _revision))
                : ([.. After(after, resource)], _revision);
        }
    }

    /// <summary>Completes when the collection has changed after the revision.</summary>
    public Task WaitForChangeAsync(GroupResource resource, long after)
    {
        lock (_gate)
        {
            if (After(after, resource).Any())
            {
                return Task.CompletedTask;
            }

            if (!_signals.TryGetValue(resource, out var signal))
            {
                _signals[resource] = signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return signal.Task;
        }
    }

    /// <summary>Forgets the history up to now, as etcd's compaction does.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _history.Clear();
            _compacted = _revision;
        }
    }

    private IEnumerable<StoreEvent> After(long revision, GroupResource resource)
    {
        for (var index = (int)Math.Max(0, Math.Min(revision, _revision) - _compacted); index < _history.Count; index++)
        {
            if (_history[index].Object.Resource == resource)
            {
                yield return _history[index];
            }
        }
    }

    private static bool IsCurrent(ImmutableSortedDictionary<string, StoredObject> collection, StoredObject expected) =>
        collection.TryGetValue(expected.Key, out var current) && current.Revision == expected.Revision;

    private ImmutableSortedDictionary<string, StoredObject> Collection(GroupResource resource) =>
        _collections.TryGetValue(resource, out var collection)
            ? collection
            : ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private StoredObject Stamp(GroupResource resource, string ns, string name, JsonObject value)
    {
        var revision = ++_revision;
        value["metadata"]!["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);
        return new StoredObject(resource, ns, name, value, revision);
    }

    private void Commit(StoreEvent change)
    {
        _history.Add(change);
        if (_history.Count > historyLimit * 2)
        {
            _compacted += _history.Count - historyLimit;
            _history.RemoveRange(0, _history.Count - historyLimit);
        }

        if (_signals.Remove(change.Object.Resource, out var signal))
        {
            signal.SetResult();
        }
    }
}
