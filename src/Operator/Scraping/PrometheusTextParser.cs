using System.Globalization;

namespace Octavo.Operator.Scraping;

/// <summary>
/// Reads Prometheus' text exposition 0.0.4 (and OpenMetrics as far as samples go): name, optional labels, value, optional timestamp or exemplar.
/// </summary>
internal static class PrometheusTextParser
{
    private const string BucketSuffix = "_bucket";

    /// <exception cref="FormatException">A line is no sample; the message gives its number.</exception>
    public static IReadOnlyList<PrometheusSample> Parse(string text)
    {
        var samples = new List<PrometheusSample>();
        var number = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            samples.Add(ParseLine(line, number));
        }

        return samples;
    }

    private static PrometheusSample ParseLine(ReadOnlySpan<char> line, int number)
    {
        var end = line.IndexOfAny('{', ' ', '\t');
        if (end <= 0)
        {
            throw Malformed(number);
        }

        var name = line[..end].ToString();
        var rest = line[end..];
        double? upperBound = null;
        if (rest[0] == '{')
        {
            var labels = EndOfLabels(rest, number);
            upperBound = name.EndsWith(BucketSuffix, StringComparison.Ordinal) ? UpperBound(rest[1..(labels - 1)], number) : null;
            rest = rest[labels..];
        }

        rest = rest.TrimStart();
        var stop = rest.IndexOfAny(' ', '\t');
        return new PrometheusSample(name, ParseValue(stop < 0 ? rest : rest[..stop], number), upperBound);
    }

    /// <summary>Index after the closing brace; braces within quoted values do not count.</summary>
    private static int EndOfLabels(ReadOnlySpan<char> text, int number)
    {
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '}' when !quoted:
                    return i + 1;
            }
        }

        throw Malformed(number);
    }

    /// <summary>The value of the label <c>le</c>; a label whose name only ends so, and one that is written inside a value, are others.</summary>
    private static double? UpperBound(ReadOnlySpan<char> labels, int number)
    {
        const string Label = "le=\"";
        var quoted = false;
        for (var i = 0; i < labels.Length; i++)
        {
            switch (labels[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case 'l' when !quoted && labels[i..].StartsWith(Label) && (i == 0 || labels[i - 1] is ',' or ' '):
                    var value = labels[(i + Label.Length)..];
                    var end = value.IndexOf('"');
                    return end < 0 ? throw Malformed(number) : ParseValue(value[..end], number);
            }
        }

        return null;
    }

    private static double ParseValue(ReadOnlySpan<char> text, int number) => text switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
        _ => throw Malformed(number),
    };

    private static FormatException Malformed(int number) => new($"line {number} is no sample");
}
