using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Removes fields that the schema does not declare.</summary>
internal static class Pruner
{
    /// <summary>Changes <paramref name="obj"/> in place.</summary>
    public static void Prune(ResourceSchema schema, JsonObject obj) => Walk(schema, obj);

    private static void Walk(ResourceSchema schema, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj when schema.Type is "object" or null:
                foreach (var name in obj.Select(p => p.Key).ToArray())
                {
                    if (schema.Field(name) is { } field)
                    {
                        Walk(field, obj[name]);
                    }
                    else
                    {
                        obj.Remove(name);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                foreach (var item in list)
                {
                    Walk(items, item);
                }

                break;
        }
    }
}
