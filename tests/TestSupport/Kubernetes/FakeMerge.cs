using System.Text.Json.Nodes;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>Merge patch (RFC 7396) and a plain form of server-side apply: maps are merged, lists are replaced whole, nothing conflicts.</summary>
internal static class FakeMerge
{
    public static JsonNode? MergePatch(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target is JsonObject ? target.DeepClone().AsObject() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = MergePatch(result[name], value);
            }
        }

        return result;
    }

    /// <param name="live">The object as it is.</param>
    /// <param name="applied">What this manager wants.</param>
    /// <param name="before">What this manager wanted last; what is no longer wanted goes.</param>
    public static JsonObject Apply(JsonObject live, JsonObject applied, JsonObject? before)
    {
        var result = live.DeepClone().AsObject();
        foreach (var (name, value) in before ?? [])
        {
            if (!applied.ContainsKey(name))
            {
                Withdraw(result, name, value);
            }
        }

        foreach (var (name, value) in applied)
        {
            result[name] = value is JsonObject wanted && result[name] is JsonObject current
                ? Apply(current, wanted, before?[name] as JsonObject)
                : value?.DeepClone();
        }

        return result;
    }

    private static void Withdraw(JsonObject live, string name, JsonNode? value)
    {
        if (value is JsonObject owned && live[name] is JsonObject current)
        {
            foreach (var (child, childValue) in owned)
            {
                Withdraw(current, child, childValue);
            }

            if (current.Count > 0)
            {
                return;
            }
        }

        // Who changed a field has taken it over, and it is theirs to remove.
        if (value is null or JsonObject || JsonNode.DeepEquals(live[name], value))
        {
            live.Remove(name);
        }
    }
}
