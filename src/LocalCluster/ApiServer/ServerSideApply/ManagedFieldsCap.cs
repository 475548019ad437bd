namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>Keeps the list of updaters short: past ten, the oldest of one version are merged into an entry of nobody's name. Appliers are not counted. Pure.</summary>
internal static class ManagedFieldsCap
{
    internal const int MaxUpdaters = 10;
    private const string Bucket = "ancient-changes";

    public static List<ManagedFieldsEntry> Apply(List<ManagedFieldsEntry> entries)
    {
        var updaters = entries.Where(e => e.Operation == ManagedFieldsEntry.UpdateOperation && !e.Fields.IsEmpty)
            .OrderBy(e => e.Time ?? "", StringComparer.Ordinal).ThenBy(e => e.Manager, StringComparer.Ordinal).ToList();
        var surplus = updaters.Count - MaxUpdaters;
        if (surplus <= 0)
        {
            return entries;
        }

        var result = new List<ManagedFieldsEntry>(entries);
        var buckets = new Dictionary<string, ManagedFieldsEntry>(StringComparer.Ordinal);
        foreach (var updater in updaters)
        {
            if (surplus == 0)
            {
                break;
            }

            if (!buckets.TryGetValue(updater.ApiVersion, out var bucket))
            {
                buckets[updater.ApiVersion] = updater;
                continue;
            }

            result.Remove(bucket);
            result.Remove(updater);
            var merged = new ManagedFieldsEntry(Bucket, ManagedFieldsEntry.UpdateOperation, updater.ApiVersion, "", updater.Time, bucket.Fields.Union(updater.Fields));
            result.Add(merged);
            buckets[updater.ApiVersion] = merged;
            surplus--;
        }

        return result;
    }
}
