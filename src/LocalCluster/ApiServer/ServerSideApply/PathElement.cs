using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>
/// One step of a field path in the text form of fieldsV1: f:name, k:{"key":"value"} (keys sorted, compact), v:"value", i:3.
/// The text is the identity.
/// </summary>
internal readonly record struct PathElement(string Text)
{
    public bool IsField => Text.StartsWith("f:", StringComparison.Ordinal);

    public string FieldName => Text[2..];

    public static PathElement Field(string name) => new("f:" + name);

    public static PathElement Value(JsonNode? value) => new("v:" + value.Print());

    public static PathElement Key(JsonObject keys) => new("k:" + keys.Print());

    /// <summary>The identity of an item of a set or map list; null where a map list's item has none of its keys.</summary>
    public static PathElement? OfItem(ResourceSchema list, JsonNode? item)
    {
        if (list.ListType == SchemaListType.Set)
        {
            return Value(item);
        }

        if (item is not JsonObject obj)
        {
            return null;
        }

        var keys = new JsonObject();
        foreach (var name in list.ListMapKeys)
        {
            // A key that the writer left out counts with its default (protocol of a port).
            var value = obj[name] ?? (list.Items?.Field(name) is { } field && field.HasDefault && IsMeaningful(field.Default) ? field.Default : null);
            if (value is not null)
            {
                keys[name] = value.DeepClone();
            }
        }

        return keys.Count == 0 ? null : Key(keys);
    }

    /// <summary>The way conflicts name it: .name, [name="main"], [="x"].</summary>
    public string Display() => Text[..2] switch
    {
        "f:" => "." + FieldName,
        "k:" => "[" + string.Join(",", ((JsonObject)JsonNode.Parse(FieldName)!).Select(p => $"{p.Key}={p.Value.Print()}")) + "]",
        "v:" => $"[={FieldName}]",
        _ => $"[{FieldName}]",
    };

    private static bool IsMeaningful(JsonNode? value) => value is JsonValue && value.ToJsonString() is not ("\"\"" or "0" or "false");
}
