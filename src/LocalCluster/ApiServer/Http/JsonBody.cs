using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>A parsed JSON document. Of duplicate keys the last one counts, and the paths of the others are told.</summary>
/// <param name="Node">Null for the literal `null`.</param>
/// <param name="DuplicateFields">Paths such as `data.k` that came more than once.</param>
internal sealed record JsonBody(JsonNode? Node, IReadOnlyList<string> DuplicateFields)
{
    /// <summary>The text as it was sent, which some errors quote; null where it was no JSON.</summary>
    public string? Text { get; init; }

    /// <exception cref="JsonException">The text is not well-formed.</exception>
    public static JsonBody Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        var duplicates = new List<string>();
        var node = ReadValue(ref reader, "", duplicates);
        if (reader.Read())
        {
            throw new JsonException("trailing data");
        }

        return new JsonBody(node, duplicates);
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    var child = path.Length == 0 ? name : $"{path}.{name}";
                    if (map.ContainsKey(name))
                    {
                        duplicates.Add(child);
                    }

                    reader.Read();
                    map[name] = ReadValue(ref reader, child, duplicates);
                }

                return map;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(ReadValue(ref reader, $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }
}
