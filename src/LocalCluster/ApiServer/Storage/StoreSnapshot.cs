using System.Collections.Immutable;

namespace Octavo.LocalCluster.ApiServer.Storage;

/// <summary>The objects of one collection at one revision, in key order.</summary>
internal sealed record StoreSnapshot(long Revision, ImmutableSortedDictionary<string, StoredObject> Objects)
{
    /// <summary>The objects of a namespace, or all when it is empty, whose key comes after <paramref name="startAfter"/>.</summary>
    public IEnumerable<StoredObject> In(string ns, string? startAfter = null) =>
        Objects.Values.Where(o => (ns.Length == 0 || o.Namespace == ns)
            && (startAfter is null || string.CompareOrdinal(o.Key, startAfter) > 0));
}
