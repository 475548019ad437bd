using System.Globalization;

namespace Octavo.LoadGenerator.Metrics;

/// <summary>Samples of a Prometheus text exposition by name; those of several label sets are kept apart, for sums and maxima.</summary>
internal sealed class Exposition
{
    private readonly Dictionary<string, List<double>> samples = new(StringComparer.Ordinal);

    /// <summary>Lines that are no samples are passed over: what is wanted is looked up by name anyway.</summary>
    public static Exposition Parse(string text)
    {
        var exposition = new Exposition();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            var nameEnd = line.IndexOfAny('{', ' ');
            // Label values may hold spaces and braces: the value follows the last brace.
            var valueStart = line.LastIndexOf('}') is >= 0 and var brace ? brace + 1 : nameEnd;
            if (nameEnd <= 0)
            {
                continue;
            }

            var rest = line[valueStart..].Trim();
            var value = rest.IndexOf(' ') is >= 0 and var space ? rest[..space] : rest;
            if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                var name = line[..nameEnd].ToString();
                if (!exposition.samples.TryGetValue(name, out var list))
                {
                    exposition.samples.Add(name, list = []);
                }

                list.Add(number);
            }
        }

        return exposition;
    }

    /// <summary>Null where there is no such sample.</summary>
    public double? Sum(string name) => samples.TryGetValue(name, out var list) ? list.Sum() : null;

    public double? Max(string name) => samples.TryGetValue(name, out var list) ? list.Max() : null;
}
