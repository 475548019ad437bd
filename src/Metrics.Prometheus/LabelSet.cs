using System.Globalization;

namespace Octavo.Metrics.Prometheus;

/// <summary>Turns tags into labels: legal names, ordinal order, each name once.</summary>
internal static class LabelSet
{
    /// <summary>
    /// Tags that map to one label name (as <c>a.b</c> and <c>a_b</c> do) are joined with a semicolon in the order of their original names,
    /// as OpenTelemetry prescribes. Of a tag given twice the last wins. A histogram's own <c>le</c> would clash with the bucket label and is renamed.
    /// Absent and empty values mean the same to Prometheus, so such labels are left out.
    /// </summary>
    public static KeyValuePair<string, string>[] FromTags(ReadOnlySpan<KeyValuePair<string, object?>> constant, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool histogram)
    {
        var byOriginalName = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in constant)
        {
            byOriginalName[tag.Key] = Format(tag.Value);
        }

        foreach (var tag in tags)
        {
            byOriginalName[tag.Key] = Format(tag.Value);
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in byOriginalName)
        {
            if (value.Length == 0)
            {
                continue;
            }

            var name = MetricName.ForLabel(key);
            if (histogram && name == "le")
            {
                name = "exported_le";
            }

            labels[name] = labels.TryGetValue(name, out var earlier) ? earlier + ";" + value : value;
        }

        return [.. labels];
    }

    private static string Format(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
