using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>Merges an applied value over a live one, and takes fields out of a value (structured-merge-diff's Merge and RemoveItems).</summary>
internal static class TypedMerger
{
    /// <summary>
    /// The applied value wins; what it does not name stays. Items of set and map lists keep the applied order, and items that only
    /// the live list has keep their place relative to the shared ones.
    /// </summary>
    public static JsonNode? Merge(ResourceSchema schema, JsonNode? live, JsonNode? applied)
    {
        switch (live, applied)
        {
            case (JsonObject left, JsonObject right) when !schema.AtomicMap:
                var merged = new JsonObject();
                foreach (var (name, value) in left)
                {
                    merged[name] = right.TryGetPropertyValue(name, out var change)
                        ? Merge(schema.Field(name) ?? ResourceSchema.Any, value, change)
                        : value?.DeepClone();
                }

                foreach (var (name, value) in right)
                {
                    if (!left.ContainsKey(name))
                    {
                        merged[name] = Merge(schema.Field(name) ?? ResourceSchema.Any, null, value);
                    }
                }

                return merged;
            case (JsonArray left, JsonArray right) when schema.ListType != SchemaListType.Atomic:
                return MergeList(schema, left, right);
            case (JsonObject or JsonArray, null) when !schema.AtomicMap && (live is JsonObject || schema.ListType != SchemaListType.Atomic):
                return live.DeepClone();
            default:
                return applied?.DeepClone();
        }
    }

    /// <summary>Takes every member of the set out of the value, with all that is below it.</summary>
    /// <returns>The value without them; null where nothing is left.</returns>
    public static JsonNode? Remove(ResourceSchema schema, JsonNode? value, FieldSet set)
    {
        switch (value)
        {
            case JsonObject obj:
                if (schema.AtomicMap)
                {
                    return null;
                }

                var result = new JsonObject();
                foreach (var (name, item) in obj)
                {
                    var child = set.Child(PathElement.Field(name));
                    if (child is null || child.IsEmpty)
                    {
                        result[name] = item?.DeepClone();
                    }
                    else if (!child.IsMember)
                    {
                        result[name] = Remove(schema.Field(name) ?? ResourceSchema.Any, item, child);
                    }
                }

                return result.Count > 0 ? result : null;
            case JsonArray list:
                if (schema.ListType == SchemaListType.Atomic)
                {
                    return null;
                }

                var kept = new JsonArray();
                foreach (var item in list)
                {
                    var child = PathElement.OfItem(schema, item) is { } element ? set.Child(element) : null;
                    if (child is null || child.IsEmpty)
                    {
                        kept.Add(item?.DeepClone());
                    }
                    else if (!child.IsMember)
                    {
                        kept.Add(Remove(schema.Items ?? ResourceSchema.Any, item, child));
                    }
                }

                return kept.Count > 0 ? kept : null;
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>
    /// Walks both lists at once. Live items that are not applied are taken when they are met; shared ones wait until the applied
    /// list comes to them, so that the applied order wins and new items land where the applied list puts them.
    /// </summary>
    private static JsonArray MergeList(ResourceSchema schema, JsonArray live, JsonArray applied)
    {
        var items = schema.Items ?? ResourceSchema.Any;
        var left = Index(schema, live);
        var right = Index(schema, applied);
        var leftByElement = left.GroupBy(i => i.Element).ToDictionary(g => g.Key, g => g.Count() == 1 ? g.First().Item : null);
        var inRight = right.Select(i => i.Element).ToHashSet();
        var shared = new Queue<PathElement>(right.Select(i => i.Element).Where(leftByElement.ContainsKey));
        var taken = new HashSet<PathElement>();
        var result = new JsonArray();

        void TakeRight((PathElement Element, JsonNode? Item) item)
        {
            taken.Add(item.Element);
            result.Add(Merge(items, leftByElement.GetValueOrDefault(item.Element), item.Item));
            if (shared.TryPeek(out var next) && next == item.Element)
            {
                shared.Dequeue();
            }
        }

        var (l, r) = (0, 0);
        while (l < left.Count || r < right.Count)
        {
            if (l < left.Count && r < right.Count)
            {
                if (left[l].Element == right[r].Element)
                {
                    TakeRight(right[r]);
                    l++;
                    r++;
                    continue;
                }

                if (inRight.Contains(left[l].Element) && shared.TryPeek(out var wanted) && wanted != left[l].Element)
                {
                    l++;
                    continue;
                }
            }

            if (l < left.Count)
            {
                if (!inRight.Contains(left[l].Element))
                {
                    result.Add(left[l].Item?.DeepClone());
                    l++;
                    continue;
                }

                if (taken.Contains(left[l].Element))
                {
                    l++;
                }
            }

            if (r < right.Count)
            {
                TakeRight(right[r]);
                r++;
            }
        }

        return result;
    }

    private static List<(PathElement Element, JsonNode? Item)> Index(ResourceSchema schema, JsonArray list) =>
        list.Select(item => (Element: PathElement.OfItem(schema, item) ?? PathElement.Value(item), item)).ToList();
}
