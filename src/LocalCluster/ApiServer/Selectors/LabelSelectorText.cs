using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Selectors;

/// <summary>Writes LabelSelector objects in the query form.</summary>
internal static class LabelSelectorText
{
    public static string Of(JsonObject selector)
    {
        var parts = new List<string>();
        foreach (var (key, value) in (selector["matchLabels"] as JsonObject ?? []).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            parts.Add($"{key}={value}");
        }

        foreach (var expression in selector["matchExpressions"] as JsonArray ?? [])
        {
            var key = expression?["key"]?.ToString();
            var values = string.Join(",", (expression?["values"] as JsonArray ?? []).Select(v => v?.ToString()).Order(StringComparer.Ordinal));
            parts.Add(expression?["operator"]?.ToString() switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "Exists" => key ?? "",
                _ => $"!{key}",
            });
        }

        return string.Join(",", parts);
    }

    public static string OfLabels(JsonObject labels) =>
        string.Join(",", labels.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));
}
