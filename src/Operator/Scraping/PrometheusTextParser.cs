using System.Globalization;

namespace Octavo.Operator.Scraping;

/// <summary>
/// Reads Prometheus' text exposition 0.0.4 (and OpenMetrics as far as samples go): name, optional labels, value, optional timestamp or exemplar.
/// </summary>
internal static class PrometheusTextParser
{
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
        if (rest[0] == '{')
        {
            rest = rest[EndOfLabels(rest, number)..];
        }

        rest = rest.TrimStart();
        var stop = rest.IndexOfAny(' ', '\t');
        return new PrometheusSample(name, ParseValue(stop < 0 ? rest : rest[..stop], number));
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

    private static double ParseValue(ReadOnlySpan<char> text, int number) => text switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
        _ => throw Malformed(number),
    };

    private static FormatException Malformed(int number) => new($"line {number} is no sample");
}
