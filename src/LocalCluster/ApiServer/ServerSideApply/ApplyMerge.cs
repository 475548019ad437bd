using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>The merge of an apply: pure, without the wrapping of managedFields and errors.</summary>
internal static class ApplyMerge
{
    /// <param name="Merged">The merged object.</param>
    /// <param name="Changed">Whether it differs from the live one in a field that the endpoint writes.</param>
    /// <param name="Entries">The entries after the apply.</param>
    /// <param name="Conflicts">What keeps the apply from being done; empty when forced.</param>
    public sealed record Result(JsonObject Merged, bool Changed, IReadOnlyList<ManagedFieldsEntry> Entries, IReadOnlyList<ApplyConflict> Conflicts);

    public static Result Run(ApplyRequest request, bool force)
    {
        var schema = request.Schema;
        var ignored = UntrackedFields.Of(schema, request.Subresource);
        var applier = new ManagedFieldsEntry(request.Manager, ManagedFieldsEntry.ApplyOperation, request.ApiVersion, request.Subresource, null, new FieldSet());
        var last = request.Entries.FirstOrDefault(e => e.Identity == applier.Identity);
        var others = request.Entries.Where(e => e.Identity != applier.Identity).ToList();
        var applied = TypedFields.Of(schema, request.Configuration).WithoutBelow(ignored);

        var merged = (JsonObject)TypedMerger.Merge(schema, request.Live, request.Configuration)!;
        if (last is not null)
        {
            merged = Prune(schema, merged, last.Fields, others.Aggregate(applied, (set, e) => set.Union(e.Fields)));
        }

        var comparison = TypedComparison.Of(schema, request.Live, merged).Without(ignored);
        var changed = comparison.Modified.Union(comparison.Added);
        var conflicts = new List<ApplyConflict>();
        var entries = new List<ManagedFieldsEntry>();
        foreach (var entry in others)
        {
            var taken = entry.Fields.Intersection(changed);
            conflicts.AddRange(taken.Paths().Select(p => new ApplyConflict(entry.Display(), string.Concat(p.Select(e => e.Display())), p)));
            entries.Add(entry with { Fields = entry.Fields.Difference(taken).Difference(comparison.Removed) });
        }

        // An apply that changes nothing leaves the time as it was: none for a manager that only shares.
        var time = comparison.IsSame ? last?.Time : ManagedFieldsEntry.Timestamp(request.Now);
        entries.Add(applier with { Fields = UntrackedFields.StripMetadata(applied), Time = time });
        return new Result(merged, !comparison.IsSame, entries, force ? [] : conflicts);
    }

    /// <summary>Takes out what the manager applied before and nobody owns now.</summary>
    private static JsonObject Prune(ResourceSchema schema, JsonObject merged, FieldSet last, FieldSet owned)
    {
        var present = TypedFields.WithNamedFields(schema, TypedFields.Of(schema, merged));
        var gone = present.Intersection(TypedFields.WithNamedFields(schema, last)).Difference(TypedFields.WithNamedFields(schema, owned));
        return gone.IsEmpty ? merged : TypedMerger.Remove(schema, merged, gone) as JsonObject ?? [];
    }
}
