using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>What differs between two values of one schema (structured-merge-diff's Compare).</summary>
internal sealed class TypedComparison
{
    public FieldSet Added { get; private set; } = new();

    public FieldSet Modified { get; private set; } = new();

    public FieldSet Removed { get; private set; } = new();

    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    public static TypedComparison Of(ResourceSchema schema, JsonObject left, JsonObject right)
    {
        var comparison = new TypedComparison();
        comparison.Compare(schema, new Side(true, left), new Side(true, right), [], false);
        return comparison;
    }

    /// <summary>The comparison without the paths in or below <paramref name="ignored"/>.</summary>
    public TypedComparison Without(FieldSet ignored) => new()
    {
        Added = Added.WithoutBelow(ignored),
        Modified = Modified.WithoutBelow(ignored),
        Removed = Removed.WithoutBelow(ignored),
    };

    private void Compare(ResourceSchema schema, Side left, Side right, PathElement[] path, bool inLeaf)
    {
        if (!left.Exists && !right.Exists)
        {
            return;
        }

        inLeaf = Descend(schema, left, right, path, inLeaf);
        if (!inLeaf)
        {
            if (!left.Exists)
            {
                Added.Insert(path);
            }
            else if (!right.Exists)
            {
                Removed.Insert(path);
            }
        }
    }

    /// <returns>Whether this value counts as one leaf.</returns>
    private bool Descend(ResourceSchema schema, Side left, Side right, PathElement[] path, bool inLeaf)
    {
        var leftObject = left.Value as JsonObject;
        var rightObject = right.Value as JsonObject;
        var leftList = left.Value as JsonArray;
        var rightList = right.Value as JsonArray;
        var maps = Fits<JsonObject>(left) && Fits<JsonObject>(right) && (leftObject ?? rightObject) is not null;
        var lists = Fits<JsonArray>(left) && Fits<JsonArray>(right) && (leftList ?? rightList) is not null;
        if (maps && !schema.AtomicMap && (leftObject?.Count ?? 0) + (rightObject?.Count ?? 0) > 0)
        {
            foreach (var name in Keys(leftObject).Union(Keys(rightObject), StringComparer.Ordinal))
            {
                Compare(schema.Field(name) ?? ResourceSchema.Any, Side.Of(leftObject, name), Side.Of(rightObject, name), [.. path, PathElement.Field(name)], inLeaf);
            }

            return inLeaf;
        }

        if (lists && schema.ListType != SchemaListType.Atomic && (leftList?.Count ?? 0) + (rightList?.Count ?? 0) > 0)
        {
            CompareItems(schema, leftList ?? [], rightList ?? [], path, inLeaf);
            return inLeaf;
        }

        if (!inLeaf)
        {
            if (!left.Exists)
            {
                Added.Insert(path);
            }
            else if (!right.Exists)
            {
                Removed.Insert(path);
            }
            else if (!left.Value.SameAs(right.Value))
            {
                Modified.Insert(path);
            }
        }

        return true;
    }

    private void CompareItems(ResourceSchema schema, JsonArray left, JsonArray right, PathElement[] path, bool inLeaf)
    {
        var leftItems = Group(schema, left);
        var rightItems = Group(schema, right);
        foreach (var element in leftItems.Keys.Union(rightItems.Keys))
        {
            var before = leftItems.GetValueOrDefault(element) ?? [];
            var after = rightItems.GetValueOrDefault(element) ?? [];
            PathElement[] itemPath = [.. path, element];
            if (before.Count <= 1 && after.Count <= 1)
            {
                Compare(schema.Items ?? ResourceSchema.Any, Side.First(before), Side.First(after), itemPath, inLeaf);
            }
            else if (before.Count > 1 && after.Count > 1)
            {
                // Duplicates can only be stored by clients that do not apply; they are compared as one value.
                if (before.Count != after.Count || before.Zip(after).Any(p => !p.First.SameAs(p.Second)))
                {
                    Modified.Insert(itemPath);
                }
            }
            else if (before.Count > 1)
            {
                Compare(schema.Items ?? ResourceSchema.Any, default, Side.First(after), itemPath, inLeaf);
                Removed.Insert(itemPath);
            }
            else
            {
                Compare(schema.Items ?? ResourceSchema.Any, Side.First(before), default, itemPath, inLeaf);
                Added.Insert(itemPath);
            }
        }
    }

    private static Dictionary<PathElement, List<JsonNode?>> Group(ResourceSchema schema, JsonArray list)
    {
        var groups = new Dictionary<PathElement, List<JsonNode?>>();
        foreach (var item in list)
        {
            if (PathElement.OfItem(schema, item) is { } element)
            {
                if (!groups.TryGetValue(element, out var items))
                {
                    groups[element] = items = [];
                }

                items.Add(item);
            }
        }

        return groups;
    }

    /// <summary>An absent or null side takes the form of the other.</summary>
    private static bool Fits<T>(Side side) => !side.Exists || side.Value is null or T;

    private static IEnumerable<string> Keys(JsonObject? obj) => obj?.Select(p => p.Key) ?? [];

    private readonly record struct Side(bool Exists, JsonNode? Value)
    {
        public static Side Of(JsonObject? obj, string name) => obj is not null && obj.TryGetPropertyValue(name, out var value) ? new Side(true, value) : default;

        public static Side First(List<JsonNode?> items) => items.Count == 0 ? default : new Side(true, items[0]);
    }
}
