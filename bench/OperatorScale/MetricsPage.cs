using System.Globalization;

namespace Octavo.OperatorScale;

/// <summary>A process's /metrics at one moment, by series as written there.</summary>
internal sealed class MetricsPage
{
    private readonly Dictionary<string, double> series = new(StringComparer.Ordinal);

    public MetricsPage(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var space = line.LastIndexOf(' ');
            if (space > 0 && line[0] != '#' && double.TryParse(line[(space + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                series[line[..space]] = value;
            }
        }
    }

    /// <summary>Of all series of the name.</summary>
    public double Sum(string name) => series.Where(s => s.Key == name || s.Key.StartsWith(name + "{", StringComparison.Ordinal)).Sum(s => s.Value);

    /// <summary>A quantile in the unit of the buckets, between the bounds of its bucket by a line, as Prometheus does.</summary>
    public double Quantile(double quantile, string histogram)
    {
        var buckets = series.Where(s => s.Key.StartsWith(histogram + "_bucket{", StringComparison.Ordinal))
            .GroupBy(s => Bound(s.Key)).Select(g => (Bound: g.Key, Count: g.Sum(s => s.Value))).OrderBy(b => b.Bound).ToList();
        var wanted = quantile * buckets[^1].Count;
        var (low, below) = (0.0, 0.0);
        foreach (var (bound, count) in buckets)
        {
            if (count >= wanted)
            {
                return double.IsInfinity(bound) ? low : low + ((bound - low) * (wanted - below) / Math.Max(1, count - below));
            }

            (low, below) = (bound, count);
        }

        return low;
    }

    private static double Bound(string key)
    {
        var begin = key.IndexOf("le=\"", StringComparison.Ordinal) + 4;
        var text = key[begin..key.IndexOf('"', begin)];
        return text == "+Inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);
    }
}
