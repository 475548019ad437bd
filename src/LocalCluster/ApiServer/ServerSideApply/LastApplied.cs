using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>The annotation of client-side apply, which lets kubectl move an object to server-side apply without conflicts with itself.</summary>
internal static class LastApplied
{
    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Whether every conflict is on a field that client-side apply set and nobody changed since.</summary>
    public static bool Explains(ResourceSchema schema, JsonObject live, IReadOnlyList<ApplyConflict> conflicts)
    {
        if (live.At("metadata", "annotations", Annotation).AsText() is not { } text)
        {
            return false;
        }

        JsonObject last;
        try
        {
            last = JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return false;
        }

        var difference = TypedComparison.Of(schema, live, last);
        var own = TypedFields.Of(schema, last).Difference(difference.Modified).Difference(difference.Added);
        return conflicts.All(c => own.Has(c.Field.ToArray()));
    }

    /// <summary>Keeps the annotation true where it is there.</summary>
    public static void Refresh(JsonObject merged, JsonObject applied)
    {
        if (merged.At("metadata", "annotations") is JsonObject annotations && annotations.ContainsKey(Annotation))
        {
            var copy = (JsonObject)applied.DeepClone();
            (copy.At("metadata", "annotations") as JsonObject)?.Remove(Annotation);
            annotations[Annotation] = copy.Print() + "\n";
        }
    }
}
