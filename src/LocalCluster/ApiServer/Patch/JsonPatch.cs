using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>RFC 6902, with the quirks of the library that the real server uses: replace of a missing key adds it, negative indices count from the end.</summary>
internal static class JsonPatch
{
    private const int MaximumOperations = 10000;

    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 for a document that is not an array, 413 for too many operations, 422 for one that fails.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw new PatchException(400, "BadRequest", $"error decoding patch: json: cannot unmarshal {patch.GoKind()} into Go value of type []handlers.jsonPatchOp");
        }

        if (operations.Count > MaximumOperations)
        {
            throw new PatchException(413, "RequestEntityTooLarge", string.Create(CultureInfo.InvariantCulture,
                $"Request entity too large: The allowed maximum operations in a JSON patch is {MaximumOperations}, got {operations.Count}"));
        }

        JsonNode? document = target.DeepClone();
        foreach (var operation in operations)
        {
            document = Execute(document, operation as JsonObject ?? throw Failed());
        }

        return document as JsonObject ?? throw Failed();
    }

    private static JsonNode? Execute(JsonNode? document, JsonObject operation)
    {
        var path = Parse(operation["path"].AsText() ?? throw Failed());
        switch (operation["op"].AsText())
        {
            case "add":
                return Add(document, path, Value(operation));
            case "remove":
                Remove(document, path);
                return document;
            case "replace":
                return Replace(document, path, Value(operation));
            case "move":
                var from = Parse(operation["from"].AsText() ?? throw Failed());
                var moved = Find(document, from)?.DeepClone();
                Remove(document, from);
                return Add(document, path, moved);
            case "copy":
                return Add(document, path, Find(document, Parse(operation["from"].AsText() ?? throw Failed()))?.DeepClone());
            case "test":
                JsonNode? actual;
                try
                {
                    actual = Find(document, path);
                }
                catch (PatchException) when (operation["value"] is null)
                {
                    // A missing value equals null.
                    return document;
                }

                return actual.SameAs(operation["value"]) ? document : throw Failed();
            default:
                throw Failed();
        }
    }

    private static JsonNode? Value(JsonObject operation) => operation.TryGetPropertyValue("value", out var value) ? value?.DeepClone() : throw Failed();

    private static string[] Parse(string pointer)
    {
        if (pointer.Length == 0)
        {
            return [];
        }

        return pointer[0] == '/'
            ? pointer[1..].Split('/').Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray()
            : throw Failed();
    }

    private static JsonNode? Find(JsonNode? document, ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            document = document switch
            {
                JsonObject obj => obj.TryGetPropertyValue(name, out var value) ? value : throw Failed(),
                JsonArray list => list[Index(list, name, list.Count - 1)],
                _ => throw Failed(),
            };
        }

        return document;
    }

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }

        switch (Find(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject obj:
                obj[path[^1]] = value;
                break;
            case JsonArray list when path[^1] == "-":
                list.Add(value);
                break;
            case JsonArray list:
                list.Insert(Index(list, path[^1], list.Count), value);
                break;
            default:
                throw Failed();
        }

        return document;
    }

    private static JsonNode? Replace(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }

        switch (Find(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject obj:
                obj[path[^1]] = value;
                break;
            case JsonArray list:
                list[Index(list, path[^1], list.Count - 1)] = value;
                break;
            default:
                throw Failed();
        }

        return document;
    }

    private static void Remove(JsonNode? document, string[] path)
    {
        switch (path.Length == 0 ? null : Find(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject obj when obj.Remove(path[^1]):
                break;
            case JsonArray list:
                list.RemoveAt(Index(list, path[^1], list.Count - 1));
                break;
            default:
                throw Failed();
        }
    }

    private static int Index(JsonArray list, string text, int last)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            throw Failed();
        }

        index = index < 0 ? index + list.Count : index;
        return index >= 0 && index <= last ? index : throw Failed();
    }

    private static PatchException Failed() => new(422, "Invalid", "the server rejected our request due to an error in our request");
}
