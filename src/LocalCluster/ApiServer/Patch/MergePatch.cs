using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>RFC 7386.</summary>
internal static class MergePatch
{
    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 where the patch is no object.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            throw new PatchException(400, "BadRequest", "error decoding patch: json: cannot unmarshal "
                + Schema.JsonValues.GoKind(patch) + " into Go value of type map[string]interface {}");
        }

        var result = (JsonObject)target.DeepClone();
        Merge(result, changes);
        return result;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, change) in patch)
        {
            switch (change)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject child:
                    if (target[name] is not JsonObject existing)
                    {
                        // Even what is new goes through the merge: nulls in it delete nothing and are dropped.
                        target[name] = existing = [];
                    }

                    Merge(existing, child);
                    break;
                default:
                    target[name] = change.DeepClone();
                    break;
            }
        }
    }
}
