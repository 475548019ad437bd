using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>One entry of metadata.managedFields.</summary>
/// <param name="Operation">Apply or Update.</param>
/// <param name="Time">RFC 3339; null for entries that only share fields or come from the scale subresource.</param>
internal sealed record ManagedFieldsEntry(string Manager, string Operation, string ApiVersion, string Subresource, string? Time, FieldSet Fields)
{
    public const string ApplyOperation = "Apply";
    public const string UpdateOperation = "Update";

    /// <summary>Who this is: an applier stays the same over versions, an updater does not.</summary>
    public (string Manager, string Operation, string ApiVersion, string Subresource) Identity =>
        (Manager, Operation, Operation == ApplyOperation ? "" : ApiVersion, Subresource);

    /// <summary>The way conflicts name the other manager.</summary>
    public string Display() => JsonValues.Quote(Manager)
        + (Subresource.Length > 0 ? $" with subresource {JsonValues.Quote(Subresource)}" : "")
        + (Operation == UpdateOperation ? $" using {ApiVersion}" : "");

    /// <summary>The entries of an object.</summary>
    /// <exception cref="FormatException">An entry has another form.</exception>
    public static List<ManagedFieldsEntry> Read(JsonObject? obj)
    {
        var entries = new List<ManagedFieldsEntry>();
        foreach (var node in obj.At("metadata", "managedFields") as JsonArray ?? [])
        {
            if (node is not JsonObject entry || entry["operation"].AsText() is not (ApplyOperation or UpdateOperation) || entry["fieldsV1"] is not JsonObject fields)
            {
                throw new FormatException("an entry of managedFields has no operation or no fieldsV1");
            }

            entries.Add(new ManagedFieldsEntry(
                entry["manager"].AsText() ?? "", entry["operation"].AsText()!, entry["apiVersion"].AsText() ?? "", entry["subresource"].AsText() ?? "", entry["time"].AsText(), FieldSet.Parse(fields)));
        }

        return entries;
    }

    /// <summary>Writes the entries in the server's order: appliers first, then by time, manager, version and subresource.</summary>
    public static void Write(JsonObject obj, IEnumerable<ManagedFieldsEntry> entries)
    {
        var list = new JsonArray();
        foreach (var entry in entries.Where(e => !e.Fields.IsEmpty)
            .OrderBy(e => e.Operation, StringComparer.Ordinal).ThenBy(e => e.Time ?? "", StringComparer.Ordinal).ThenBy(e => e.Manager, StringComparer.Ordinal)
            .ThenBy(e => e.ApiVersion, StringComparer.Ordinal).ThenBy(e => e.Subresource, StringComparer.Ordinal))
        {
            var node = new JsonObject { ["manager"] = entry.Manager, ["operation"] = entry.Operation, ["apiVersion"] = entry.ApiVersion };
            if (entry.Time is not null)
            {
                node["time"] = entry.Time;
            }

            node["fieldsType"] = "FieldsV1";
            node["fieldsV1"] = entry.Fields.Print();
            if (entry.Subresource.Length > 0)
            {
                node["subresource"] = entry.Subresource;
            }

            list.Add(node);
        }

        var metadata = obj.Ensure("metadata");
        metadata.Remove("managedFields");
        if (list.Count > 0)
        {
            metadata["managedFields"] = list;
        }
    }

    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
