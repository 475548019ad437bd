using System.Text.Json.Nodes;
using System.Text.Json;
using System.Text.RegularExpressions;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Reads the cell of an additionalPrinterColumn: the JSONPath of kubectl, as far as printer columns use it.</summary>
internal static partial class PrinterColumnCell
{
    /// <returns>Null where the path leads nowhere or the value is not of the column's type.</returns>
    public static JsonNode? Read(PrinterColumn column, JsonObject value, DateTimeOffset now)
    {
        var found = Find(value, column.JsonPath).FirstOrDefault();
        if (found is null)
        {
            return null;
        }

        return column.Type switch
        {
            "integer" => found.AsWhole() is { } whole ? JsonValue.Create(whole) : null,
            "number" => found.GetValueKind() == JsonValueKind.Number ? found.DeepClone() : null,
            "boolean" => found.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? found.DeepClone() : null,
            "date" => HumanDuration.Parse(found) is null ? JsonValue.Create("<invalid>") : JsonValue.Create(HumanDuration.Since(found, now)),
            _ => JsonValue.Create(Text(found)),
        };
    }

    /// <summary>All values that the path leads to.</summary>
    public static IEnumerable<JsonNode> Find(JsonNode value, string path)
    {
        IEnumerable<JsonNode> current = [value];
        foreach (Match step in Steps().Matches(path.Trim('{', '}')))
        {
            current = current.SelectMany(node => Step(node, step)).ToList();
        }

        return current;
    }

    private static string Text(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Object or JsonValueKind.Array => node.ToJsonString(),
        _ => node.ToString(),
    };

    private static IEnumerable<JsonNode> Step(JsonNode node, Match step)
    {
        if (step.Groups["field"].Success || step.Groups["quoted"].Success)
        {
            var name = step.Groups["field"].Success ? step.Groups["field"].Value.Replace("\\.", ".", StringComparison.Ordinal) : step.Groups["quoted"].Value;
            if ((node as JsonObject)?[name] is { } child)
            {
                yield return child;
            }
        }
        else if (step.Groups["key"].Success)
        {
            foreach (var item in node as JsonArray ?? [])
            {
                if (item is JsonObject map && map[step.Groups["key"].Value]?.ToString() == step.Groups["value"].Value)
                {
                    yield return item;
                }
            }
        }
        else if (step.Groups["star"].Success)
        {
            foreach (var item in node as JsonArray ?? [])
            {
                if (item is not null)
                {
                    yield return item;
                }
            }
        }
        else if (step.Groups["index"].Success && node is JsonArray list)
        {
            var index = int.Parse(step.Groups["index"].Value, System.Globalization.CultureInfo.InvariantCulture);
            index = index < 0 ? list.Count + index : index;
            if (index >= 0 && index < list.Count && list[index] is { } item)
            {
                yield return item;
            }
        }
    }

    [GeneratedRegex(
        """\[\?\(@\.(?<key>[^=\s]+)\s*==\s*["'](?<value>[^"']*)["']\)\]|\[(?<star>\*)\]|\[(?<index>-?\d{1,6})\]|\[["'](?<quoted>[^"']+)["']\]|\.(?<field>(?:\\.|[^.\[\]])+)""",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Steps();
}
