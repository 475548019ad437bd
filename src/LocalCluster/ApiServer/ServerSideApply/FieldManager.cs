using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>
/// Keeps metadata.managedFields and merges applied configurations, as the real server's field manager does over
/// structured-merge-diff: an entry is the set of fields that its manager last set; an apply conflicts where it would change
/// a field that somebody else owns; what a manager no longer applies goes when nobody else owns it.
/// </summary>
internal static class FieldManager
{
    private const string BeforeFirstApply = "before-first-apply";
    private const string Kubectl = "kubectl";

    /// <summary>Gives <paramref name="target"/> the managedFields of <paramref name="source"/>: who owns what is not the matter of whoever made the target.</summary>
    public static void Keep(JsonObject target, JsonObject source)
    {
        if (source["metadata"]?["managedFields"] is { } fields)
        {
            target["metadata"]!["managedFields"] = fields.DeepClone();
        }
        else
        {
            (target["metadata"] as JsonObject)?.Remove("managedFields");
        }
    }

    /// <summary>Merges an applied configuration. Neither argument is changed.</summary>
    /// <param name="schema">The schema of the kind at <paramref name="apiVersion"/>.</param>
    /// <param name="live">The stored object; null when the apply creates it.</param>
    /// <param name="applied">The configuration as the client sent it, not defaulted.</param>
    /// <param name="subresource">"" for the main endpoint, else status or scale.</param>
    public static ApplyOutcome Apply(ResourceSchema schema, JsonObject? live, JsonObject applied, string manager, bool force, string subresource, string apiVersion, DateTimeOffset now)
    {
        if (applied.At("metadata", "managedFields") is JsonArray { Count: > 0 } or JsonObject)
        {
            return ApplyOutcome.Refused(400, "BadRequest", "metadata.managedFields must be nil");
        }

        if (applied["apiVersion"].AsText() is { } specified && specified != apiVersion)
        {
            return ApplyOutcome.Refused(400, "BadRequest", $"Incorrect version specified in apply patch. Specified patch version: {specified}, expected: {apiVersion}");
        }

        var configuration = (JsonObject)applied.DeepClone();
        (configuration["metadata"] as JsonObject)?.Remove("managedFields");
        if (TypedValidator.FindErrors(schema, configuration) is { } problem)
        {
            return ApplyOutcome.Refused(500, "", $"failed to create typed patch object ({Identify(applied)}): {problem}");
        }

        var before = Comparable(schema, live);
        var request = new ApplyRequest(schema, before, configuration, Entries(schema, live, before, apiVersion), manager, subresource, apiVersion, now);
        var result = ApplyMerge.Run(request, force);
        if (result.Conflicts.Count > 0 && manager == Kubectl && LastApplied.Explains(schema, before, result.Conflicts))
        {
            result = ApplyMerge.Run(request, true);
        }

        if (result.Conflicts.Count > 0)
        {
            return Conflict(result.Conflicts);
        }

        var merged = result.Changed || live is null ? result.Merged : (JsonObject)live.DeepClone();
        if (live.At("metadata") is JsonObject old)
        {
            // What the server gives is never taken from a configuration.
            foreach (var name in new[] { "creationTimestamp", "uid", "generation" })
            {
                Restore(merged.Ensure("metadata"), old, name);
            }
        }

        ManagedFieldsEntry.Write(merged, result.Entries);
        if (manager == Kubectl)
        {
            LastApplied.Refresh(merged, applied);
        }

        return ApplyOutcome.Of(merged);
    }

    /// <summary>Records in <paramref name="updated"/> (in place) what a create, put or patch changed. Call it after defaulting and before allocation and admission.</summary>
    /// <param name="old">The stored object; null on create.</param>
    public static void TrackUpdate(ResourceSchema schema, JsonObject? old, JsonObject updated, string manager, string subresource, string apiVersion, DateTimeOffset now)
    {
        var sent = updated.At("metadata", "managedFields") as JsonArray;
        (updated["metadata"] as JsonObject)?.Remove("managedFields");
        List<ManagedFieldsEntry> entries;
        if (subresource.Length == 0 && sent is { Count: 1 } && sent[0] is JsonObject { Count: 0 })
        {
            // A list with one empty entry asks to forget everything.
            entries = [];
        }
        else
        {
            entries = subresource.Length == 0 && TryRead(sent) is { Count: > 0 } given ? given : TryRead(old.At("metadata", "managedFields") as JsonArray) ?? [];
        }

        if (entries.Count == 0 && old is not null)
        {
            // An object that nobody tracks stays untracked until its first apply.
            return;
        }

        entries = Track(schema, Comparable(schema, old), Comparable(schema, updated), entries, new ManagedFieldsEntry(manager, ManagedFieldsEntry.UpdateOperation, apiVersion, subresource, ManagedFieldsEntry.Timestamp(now), new FieldSet()));
        ManagedFieldsEntry.Write(updated, ManagedFieldsCap.Apply(entries));
    }

    /// <summary>Records in <paramref name="updated"/> (in place) that the scale subresource moved the replicas.</summary>
    /// <param name="replicasPath">The dotted path in the scaled object, such as .spec.replicas.</param>
    public static void TrackScale(ResourceSchema schema, JsonObject old, JsonObject updated, string replicasPath, string manager, string apiVersion)
    {
        var names = replicasPath.Split('.', StringSplitOptions.RemoveEmptyEntries);
        var entries = TryRead(old.At("metadata", "managedFields") as JsonArray) ?? [];
        if (entries.Count == 0 || old.At(names).SameAs(updated.At(names)))
        {
            ManagedFieldsEntry.Write(updated, entries);
            return;
        }

        var path = new FieldSet();
        path.Insert(names.Select(PathElement.Field).ToArray());
        var scaler = new ManagedFieldsEntry(manager, ManagedFieldsEntry.UpdateOperation, apiVersion, "scale", null, new FieldSet());
        var kept = entries.Where(e => e.Identity != scaler.Identity).Select(e => e with { Fields = e.Fields.Difference(path) }).ToList();

        // A Scale omits a zero, so that scaling a built-in kind to nothing is owned by nobody.
        if (updated.At(names).AsWhole() != 0 || !schema.IsBuiltIn)
        {
            kept.Add(scaler with { Fields = path });
        }

        ManagedFieldsEntry.Write(updated, kept);
    }

    private static List<ManagedFieldsEntry> Track(ResourceSchema schema, JsonObject before, JsonObject after, List<ManagedFieldsEntry> entries, ManagedFieldsEntry writer)
    {
        var comparison = TypedComparison.Of(schema, before, after).Without(UntrackedFields.Of(schema, writer.Subresource));
        var changed = comparison.Modified.Union(comparison.Added);
        var result = new List<ManagedFieldsEntry>();
        foreach (var entry in entries)
        {
            result.Add(entry with { Fields = entry.Fields.Difference(changed).Difference(comparison.Removed) });
        }

        var written = UntrackedFields.StripMetadata(changed);
        if (!written.IsEmpty)
        {
            var own = result.Find(e => e.Identity == writer.Identity);
            result.RemoveAll(e => e.Identity == writer.Identity);
            result.Add(writer with { Fields = own is null ? written : own.Fields.Union(written) });
        }

        return result;
    }

    /// <summary>The entries of the live object; where it has none, everything in it belongs to whoever was there before.</summary>
    private static List<ManagedFieldsEntry> Entries(ResourceSchema schema, JsonObject? live, JsonObject before, string apiVersion)
    {
        var entries = TryRead(live.At("metadata", "managedFields") as JsonArray) ?? [];
        if (entries.Count > 0 || live is null)
        {
            return entries;
        }

        return Track(schema, Comparable(schema, null), before, [], new ManagedFieldsEntry(BeforeFirstApply, ManagedFieldsEntry.UpdateOperation, apiVersion, "", null, new FieldSet()));
    }

    /// <summary>An object without managedFields; for none, what an empty object of the kind prints.</summary>
    private static JsonObject Comparable(ResourceSchema schema, JsonObject? obj)
    {
        if (obj is null)
        {
            return schema.IsBuiltIn ? StructForm.Empty(schema) : new JsonObject { ["metadata"] = new JsonObject() };
        }

        var copy = (JsonObject)obj.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }

    private static List<ManagedFieldsEntry>? TryRead(JsonArray? managedFields)
    {
        try
        {
            return ManagedFieldsEntry.Read(new JsonObject { ["metadata"] = new JsonObject { ["managedFields"] = managedFields?.DeepClone() } });
        }
        catch (FormatException)
        {
            // Entries that cannot be read are dropped, as the real server does.
            return null;
        }
    }

    private static void Restore(JsonObject metadata, JsonObject old, string name)
    {
        metadata.Remove(name);
        if (old[name] is { } value)
        {
            metadata[name] = value.DeepClone();
        }
    }

    private static string Identify(JsonObject applied)
    {
        var apiVersion = applied["apiVersion"].AsText() ?? "";
        var groupVersion = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion : "/" + apiVersion;
        return $"{applied.At("metadata", "namespace").AsText()}/{applied.At("metadata", "name").AsText()}; {groupVersion}, Kind={applied["kind"].AsText()}";
    }

    private static ApplyOutcome Conflict(IReadOnlyList<ApplyConflict> conflicts)
    {
        var causes = conflicts.Select(c => new FieldError("FieldManagerConflict", c.Path, $"conflict with {c.Manager}")).ToArray();
        var message = conflicts.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {conflicts[0].Manager}: {conflicts[0].Path}"
            : $"Apply failed with {conflicts.Count} conflicts: " + string.Join("\n", conflicts.GroupBy(c => c.Manager)
                .Select(g => $"conflicts with {g.Key}:\n" + string.Join("\n", g.Select(c => "- " + c.Path))));
        return ApplyOutcome.Refused(409, "Conflict", message, causes);
    }
}
