using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>Kubernetes' own patch: lists merge by the keys of the schema, and directives ($patch, $setElementOrder, $retainKeys, $deleteFromPrimitiveList) say the rest.</summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string OrderPrefix = "$setElementOrder/";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";

    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 or 422 where the patch cannot be read.</exception>
    public static JsonObject Apply(ResourceSchema schema, JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            throw new PatchException(400, "BadRequest", $"error decoding patch: json: cannot unmarshal {patch.GoKind()} into Go value of type map[string]interface {{}}");
        }

        var result = (JsonObject)target.DeepClone();
        return MergeMap(schema, result, (JsonObject)changes.DeepClone());
    }

    private static JsonObject MergeMap(ResourceSchema schema, JsonObject target, JsonObject patch)
    {
        if (patch.Remove(Directive, out var directive))
        {
            switch (directive.AsText())
            {
                case "replace":
                    return Clean(patch);
                case "delete":
                    return [];
                case "merge":
                    break;
                default:
                    throw Unknown(directive);
            }
        }

        if (patch.Remove(RetainKeys, out var retained))
        {
            var keep = (retained as JsonArray ?? throw BadShape(RetainKeys)).Select(k => k.AsText()).ToHashSet(StringComparer.Ordinal);
            foreach (var name in target.Select(p => p.Key).Where(k => !keep.Contains(k)).ToArray())
            {
                target.Remove(name);
            }
        }

        foreach (var (name, change) in patch.ToArray())
        {
            if (name.StartsWith(DeletePrefix, StringComparison.Ordinal))
            {
                var list = name[DeletePrefix.Length..];
                if (target[list] is JsonArray existing)
                {
                    DeleteValues(existing, change as JsonArray ?? throw BadShape(name));
                }

                continue;
            }

            if (name.StartsWith(OrderPrefix, StringComparison.Ordinal))
            {
                continue;
            }

            var field = schema.Field(name) ?? ResourceSchema.Any;
            patch.Remove(name);
            switch (change)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject child when target[name] is JsonObject existing:
                    // The result may be another object: take the old one out before it is put back.
                    target.Remove(name);
                    target[name] = field.PatchStrategies.Contains("replace") ? Clean(child) : MergeMap(field, existing, child);
                    break;
                case JsonObject child:
                    target[name] = MergeMap(field, [], child);
                    break;
                case JsonArray list when target[name] is JsonArray existing && field.PatchStrategies.Contains("merge"):
                    target[name] = MergeList(field, existing, list);
                    break;
                case JsonArray list:
                    target[name] = CleanList(list);
                    break;
                default:
                    target[name] = change;
                    break;
            }
        }

        foreach (var (name, order) in patch.Where(p => p.Key.StartsWith(OrderPrefix, StringComparison.Ordinal)).ToArray())
        {
            var list = name[OrderPrefix.Length..];
            if (target[list] is JsonArray existing && schema.Field(list) is { } field)
            {
                target[list] = Reorder(field, existing, order as JsonArray ?? throw BadShape(name));
            }
        }

        return target;
    }

    private static JsonArray MergeList(ResourceSchema schema, JsonArray target, JsonArray patch)
    {
        if (schema.PatchMergeKey is not { } key)
        {
            var known = target.Select(i => i.Print()).ToHashSet(StringComparer.Ordinal);
            var result = (JsonArray)target.DeepClone();
            foreach (var item in patch.Where(i => known.Add(i.Print())))
            {
                result.Add(item?.DeepClone());
            }

            return result;
        }

        var items = patch.Select(i => i as JsonObject ?? throw BadShape(key)).ToArray();
        if (items.Any(i => i[Directive].AsText() == "replace"))
        {
            return CleanList(new JsonArray(items.Where(i => i[Directive].AsText() != "replace").Select(i => i.DeepClone()).ToArray()));
        }

        var merged = new List<JsonObject>();
        var old = target.OfType<JsonObject>().Select(i => (JsonObject)i.DeepClone()).ToList();
        var position = new Dictionary<JsonObject, int>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < old.Count; i++)
        {
            position[old[i]] = i;
        }

        foreach (var item in items)
        {
            var id = item[key] ?? throw new PatchException(500, "", $"map: {item.Print()} does not contain declared merge key: {key}");
            var match = old.Find(o => o[key].SameAs(id));
            if (item[Directive].AsText() == "delete")
            {
                old.RemoveAll(o => o[key].SameAs(id));
                continue;
            }

            if (match is null)
            {
                merged.Add(MergeMap(schema.Items ?? ResourceSchema.Any, [], (JsonObject)item.DeepClone()));
                continue;
            }

            old.Remove(match);
            var changed = MergeMap(schema.Items ?? ResourceSchema.Any, match, (JsonObject)item.DeepClone());
            position[changed] = position[match];
            merged.Add(changed);
        }

        return Interleave(merged, old, position);
    }

    /// <summary>Patched items keep the patch's order; items that only the server has keep their place relative to the patched ones that were there.</summary>
    private static JsonArray Interleave(List<JsonObject> patched, List<JsonObject> serverOnly, Dictionary<JsonObject, int> position)
    {
        var result = new JsonArray();
        var left = 0;
        var right = 0;
        while (left < patched.Count || right < serverOnly.Count)
        {
            var takeServer = left >= patched.Count
                || (right < serverOnly.Count && position.TryGetValue(patched[left], out var at) && position[serverOnly[right]] < at);
            result.Add(takeServer ? serverOnly[right++] : patched[left++]);
        }

        return result;
    }

    private static JsonArray Reorder(ResourceSchema schema, JsonArray list, JsonArray order)
    {
        string Id(JsonNode? item) => schema.PatchMergeKey is { } key && item is JsonObject obj ? obj[key].Print() : item.Print();
        var wanted = order.Select(Id).ToList();
        var current = list.Select(i => i?.DeepClone()).ToList();
        var ordered = current.Where(i => wanted.Contains(Id(i))).OrderBy(i => wanted.IndexOf(Id(i))).ToList();
        var others = current.Where(i => !wanted.Contains(Id(i))).ToList();
        var index = current.Select(Id).ToList();
        var result = new JsonArray();
        var (left, right) = (0, 0);
        while (left < ordered.Count || right < others.Count)
        {
            var takeOther = left >= ordered.Count || (right < others.Count && index.IndexOf(Id(others[right])) < index.IndexOf(Id(ordered[left])));
            result.Add(takeOther ? others[right++] : ordered[left++]);
        }

        return result;
    }

    private static void DeleteValues(JsonArray target, JsonArray values)
    {
        for (var i = target.Count - 1; i >= 0; i--)
        {
            if (values.Any(v => v.SameAs(target[i])))
            {
                target.RemoveAt(i);
            }
        }
    }

    /// <summary>Removes directives from what is taken as it is.</summary>
    private static JsonObject Clean(JsonObject patch)
    {
        var result = new JsonObject();
        foreach (var (name, value) in patch)
        {
            if (value is null || name.StartsWith('$'))
            {
                continue;
            }

            result[name] = value switch
            {
                JsonObject child => Clean(child),
                JsonArray list => CleanList(list),
                _ => value.DeepClone(),
            };
        }

        return result;
    }

    private static JsonArray CleanList(JsonArray list)
    {
        var result = new JsonArray();
        foreach (var item in list)
        {
            switch (item)
            {
                case JsonObject obj when obj[Directive].AsText() is "delete" or "replace":
                    break;
                case JsonObject obj:
                    result.Add(Clean(obj));
                    break;
                default:
                    result.Add(item?.DeepClone());
                    break;
            }
        }

        return result;
    }

    private static PatchException Unknown(JsonNode? directive) => new(422, "Invalid", $"Unknown patch type found: {directive}");

    private static PatchException BadShape(string name) => new(422, "Invalid", $"invalid patch format of {name}");
}
