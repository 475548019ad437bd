using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>The fields that a value sets, read with its schema (structured-merge-diff's ToFieldSet).</summary>
internal static class TypedFields
{
    /// <summary>Leaves, atomic lists and maps, items of set and map lists, and keys of maps; never the structs that hold them.</summary>
    public static FieldSet Of(ResourceSchema schema, JsonNode? value)
    {
        var set = new FieldSet();
        Walk(schema, value, set);
        return set;
    }

    /// <summary>
    /// The set with the declared fields that lead to its members: whoever owns spec.parts[name=a] also holds spec and spec.parts.
    /// Keys of maps and items of lists are not added.
    /// </summary>
    public static FieldSet WithNamedFields(ResourceSchema schema, FieldSet set)
    {
        var result = new FieldSet { IsMember = set.IsMember };
        foreach (var (element, child) in set.Children)
        {
            var declared = element.IsField && schema.Properties.ContainsKey(element.FieldName);
            var below = element.IsField ? schema.Field(element.FieldName) : schema.Items;
            var copy = WithNamedFields(below ?? ResourceSchema.Any, child);
            copy.IsMember |= declared && !child.IsEmpty;
            result.Graft(element, copy);
        }

        return result;
    }

    internal static void Graft(this FieldSet set, PathElement element, FieldSet child)
    {
        var node = set.Descend([element]);
        node.IsMember |= child.IsMember;
        foreach (var (below, grand) in child.Children)
        {
            node.Graft(below, grand);
        }
    }

    private static void Walk(ResourceSchema schema, JsonNode? value, FieldSet here)
    {
        switch (value)
        {
            case JsonObject obj when !schema.AtomicMap && !schema.IntOrString:
                foreach (var (name, item) in obj)
                {
                    var declared = schema.Properties.ContainsKey(name);
                    var child = here.Descend([PathElement.Field(name)]);
                    Walk(schema.Field(name) ?? ResourceSchema.Any, item, child);
                    child.IsMember |= item is null or JsonObject { Count: 0 } || !declared;
                }

                break;
            case JsonArray list when schema.ListType != SchemaListType.Atomic:
                foreach (var item in list)
                {
                    if (PathElement.OfItem(schema, item) is { } element)
                    {
                        var child = here.Descend([element]);
                        Walk(schema.Items ?? ResourceSchema.Any, item, child);
                        child.IsMember = true;
                    }
                }

                break;
            default:
                here.IsMember = true;
                break;
        }
    }
}
