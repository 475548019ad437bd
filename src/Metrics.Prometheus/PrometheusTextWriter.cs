using System.Globalization;
using System.Text;

namespace Octavo.Metrics.Prometheus;

/// <summary>
/// Renders families as text. Pure: the same families give the same text.
/// Formats: prometheus.io/docs/instrumenting/exposition_formats (0.0.4) and OpenMetrics 1.0.0.
/// </summary>
public static class PrometheusTextWriter
{
    /// <summary>Value of the Content-Type header for a format.</summary>
    public static string ContentType(ExpositionFormat format) => format switch
    {
        ExpositionFormat.OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };

    public static string Write(IEnumerable<MetricFamily> families, ExpositionFormat format = ExpositionFormat.PrometheusText)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families)
        {
            WriteFamily(text, family, format);
        }

        if (format == ExpositionFormat.OpenMetrics)
        {
            text.Append("# EOF\n");
        }

        return text.ToString();
    }

    private static void WriteFamily(StringBuilder text, MetricFamily family, ExpositionFormat format)
    {
        // OpenMetrics names a counter's family without the suffix that its samples carry.
        var name = format == ExpositionFormat.OpenMetrics && family.Type == MetricType.Counter && family.Name.EndsWith("_total", StringComparison.Ordinal)
            ? family.Name[..^"_total".Length]
            : family.Name;
        text.Append("# HELP ").Append(name).Append(' ');
        AppendEscaped(text, family.Help, quotes: format == ExpositionFormat.OpenMetrics);
        text.Append("\n# TYPE ").Append(name).Append(' ').Append(family.Type switch
        {
            MetricType.Counter => "counter",
            MetricType.Histogram => "histogram",
            _ => "gauge",
        }).Append('\n');

        foreach (var sample in family.Samples)
        {
            if (sample.Histogram is { } histogram)
            {
                WriteHistogram(text, family.Name, sample.Labels, histogram, format);
            }
            else
            {
                WriteSample(text, family.Name, "", sample.Labels, null, FormatNumber(sample.Value));
            }
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, string>> labels, HistogramSnapshot histogram, ExpositionFormat format)
    {
        long cumulated = 0;
        for (var i = 0; i < histogram.Counts.Count; i++)
        {
            cumulated += histogram.Counts[i];
            var bound = i < histogram.Bounds.Count ? FormatBound(histogram.Bounds[i], format) : "+Inf";
            WriteSample(text, name, "_bucket", labels, bound, cumulated.ToString(CultureInfo.InvariantCulture));
        }

        WriteSample(text, name, "_sum", labels, null, FormatNumber(histogram.Sum));
        WriteSample(text, name, "_count", labels, null, cumulated.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteSample(StringBuilder text, string name, string suffix, IReadOnlyList<KeyValuePair<string, string>> labels, string? bound, string value)
    {
        text.Append(name).Append(suffix);
        if (labels.Count > 0 || bound is not null)
        {
            text.Append('{');
            var separator = "";
            foreach (var (key, labelValue) in labels)
            {
                text.Append(separator).Append(key).Append("=\"");
                AppendEscaped(text, labelValue, quotes: true);
                text.Append('"');
                separator = ",";
            }

            if (bound is not null)
            {
                text.Append(separator).Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }

    private static void AppendEscaped(StringBuilder text, string value, bool quotes)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '\\':
                    text.Append(@"\\");
                    break;
                case '\n':
                    text.Append(@"\n");
                    break;
                case '"' when quotes:
                    text.Append("\\\"");
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
    }

    private static string FormatNumber(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    // OpenMetrics asks for the canonical float, with a point, so that bounds compare as strings.
    private static string FormatBound(double bound, ExpositionFormat format)
    {
        var number = FormatNumber(bound);
        return format == ExpositionFormat.OpenMetrics && number.All(c => char.IsAsciiDigit(c) || c == '-') ? number + ".0" : number;
    }
}
