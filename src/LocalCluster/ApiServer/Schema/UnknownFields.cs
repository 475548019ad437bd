using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Fields that the schema does not declare.</summary>
internal static class UnknownFields
{
    /// <returns>Dotted paths such as spec.containers[0].bogus, in the object's order.</returns>
    public static IReadOnlyList<string> Find(ResourceSchema schema, JsonObject obj)
    {
        var found = new List<string>();
        Walk(schema, obj, "", found);
        return found;
    }

    private static void Walk(ResourceSchema schema, JsonNode? node, string path, List<string> found)
    {
        switch (node)
        {
            case JsonObject obj when schema.Type is "object" or null:
                foreach (var (name, value) in obj)
                {
                    var child = path.Length == 0 ? name : $"{path}.{name}";
                    if (schema.Field(name) is { } field)
                    {
                        Walk(field, value, child, found);
                    }
                    else
                    {
                        found.Add(child);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    Walk(items, list[i], $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]", found);
                }

                break;
        }
    }
}
