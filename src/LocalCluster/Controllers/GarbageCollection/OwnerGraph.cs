namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>All objects by uid, and who names whom as owner. Thread-safe.</summary>
internal sealed class OwnerGraph
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, OwnedObject> objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> dependents = new(StringComparer.Ordinal);

    public OwnedObject? Find(string uid)
    {
        lock (gate)
        {
            return objects.GetValueOrDefault(uid);
        }
    }

    /// <summary>The objects that name this uid as an owner.</summary>
    public IReadOnlyList<OwnedObject> DependentsOf(string uid)
    {
        lock (gate)
        {
            return dependents.TryGetValue(uid, out var uids) ? [.. uids.Select(u => objects[u])] : [];
        }
    }

    /// <summary>Adds or replaces; gives what was there.</summary>
    public OwnedObject? Set(OwnedObject entity)
    {
        lock (gate)
        {
            var before = RemoveUnderLock(entity.Uid);
            objects[entity.Uid] = entity;
            foreach (var owner in entity.Owners)
            {
                if (!dependents.TryGetValue(owner.Uid, out var uids))
                {
                    dependents[owner.Uid] = uids = new HashSet<string>(StringComparer.Ordinal);
                }

                uids.Add(entity.Uid);
            }

            return before;
        }
    }

    public OwnedObject? Remove(string uid)
    {
        lock (gate)
        {
            return RemoveUnderLock(uid);
        }
    }

    /// <summary>The uids of a resource's objects that are not among <paramref name="present"/>: what vanished unseen.</summary>
    public IReadOnlyList<string> Missing(DiscoveredResource resource, IReadOnlySet<string> present)
    {
        lock (gate)
        {
            return [.. objects.Values.Where(o => o.Resource.GroupVersion == resource.GroupVersion && o.Resource.Plural == resource.Plural && !present.Contains(o.Uid)).Select(o => o.Uid)];
        }
    }

    private OwnedObject? RemoveUnderLock(string uid)
    {
        if (!objects.Remove(uid, out var before))
        {
            return null;
        }

        foreach (var owner in before.Owners)
        {
            if (dependents.TryGetValue(owner.Uid, out var uids) && uids.Remove(uid) && uids.Count == 0)
            {
                dependents.Remove(owner.Uid);
            }
        }

        return before;
    }
}
