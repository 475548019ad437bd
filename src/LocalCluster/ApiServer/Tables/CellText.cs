using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Cells that several resources share.</summary>
internal static class CellText
{
    public const string None = "<none>";
    public const string Unset = "<unset>";

    public static JsonNode? Age(JsonObject value, DateTimeOffset now) => HumanDuration.Since(value["metadata"]?["creationTimestamp"], now);

    /// <summary>The node at a dotted path, or null.</summary>
    public static JsonNode? At(JsonNode? value, string path)
    {
        foreach (var part in path.Split('.'))
        {
            value = (value as JsonObject)?[part];
        }

        return value;
    }

    public static long Number(JsonNode? value, string path) => At(value, path).AsWhole() ?? 0;

    public static string Text(JsonNode? value, string path, string otherwise = "") => At(value, path)?.ToString() is { Length: > 0 } text ? text : otherwise;

    public static IEnumerable<JsonNode> List(JsonNode? value, string path) => (At(value, path) as JsonArray ?? []).OfType<JsonNode>();

    /// <summary>Names or images of a pod template's containers.</summary>
    public static string Containers(JsonNode? value, string specPath, string field) =>
        string.Join(",", List(value, $"{specPath}.containers").Select(c => Text(c, field)));

    public static string Selector(JsonNode? value, string path)
    {
        if (At(value, path) is not JsonObject selector)
        {
            return None;
        }

        var isObject = selector.ContainsKey("matchLabels") || selector.ContainsKey("matchExpressions");
        var text = isObject ? LabelSelectorText.Of(selector) : LabelSelectorText.OfLabels(selector);
        return text.Length == 0 ? None : text;
    }

    public static string OrNone(IEnumerable<string> parts)
    {
        var text = string.Join(",", parts);
        return text.Length == 0 ? None : text;
    }
}
