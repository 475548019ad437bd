using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>Items of sets and map lists must be different.</summary>
internal static class ListTypeValidator
{
    public static IReadOnlyList<FieldError> Validate(ResourceSchema schema, JsonNode? value)
    {
        var errors = new List<FieldError>();
        Walk(schema, value, "", errors);
        return errors;
    }

    private static void Walk(ResourceSchema schema, JsonNode? value, string path, List<FieldError> errors)
    {
        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, item) in obj)
                {
                    if (schema.Field(name) is { IsBuiltIn: false } field)
                    {
                        Walk(field, item, path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                Duplicates(schema, list, path, errors);
                for (var i = 0; i < list.Count; i++)
                {
                    Walk(items, list[i], Item(path, i), errors);
                }

                break;
        }
    }

    private static void Duplicates(ResourceSchema schema, JsonArray list, string path, List<FieldError> errors)
    {
        if (schema.ListType == SchemaListType.Atomic)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var key = list[i];
            if (schema.ListType == SchemaListType.Map)
            {
                if (list[i] is not JsonObject obj)
                {
                    continue;
                }

                var keys = new JsonObject();
                foreach (var name in schema.ListMapKeys.Where(obj.ContainsKey))
                {
                    keys[name] = obj[name]?.DeepClone();
                }

                key = keys;
            }

            var text = key.Print();
            if (!seen.Add(text))
            {
                errors.Add(FieldError.Duplicate(Item(path, i), text));
            }
        }
    }

    private static string Item(string path, int index) => path + "[" + index.ToString(CultureInfo.InvariantCulture) + "]";
}
