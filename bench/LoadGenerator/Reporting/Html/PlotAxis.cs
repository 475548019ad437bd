using System.Globalization;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>One axis: where a value lies between its ends, and where ticks stand.</summary>
internal sealed class PlotAxis
{
    private const int WantedTicks = 6;

    private PlotAxis(double least, double most, bool logarithmic, IReadOnlyList<double> ticks)
    {
        Least = least;
        Most = most;
        IsLogarithmic = logarithmic;
        Ticks = ticks;
    }

    public double Least { get; }

    public double Most { get; }

    public bool IsLogarithmic { get; }

    public IReadOnlyList<double> Ticks { get; }

    /// <param name="logarithmic">Where all values are positive; else the axis begins at zero.</param>
    public static PlotAxis Over(IEnumerable<double> values, bool logarithmic)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        var most = finite.Length > 0 ? finite.Max() : 1;
        if (logarithmic && finite.Any(v => v > 0))
        {
            return Logarithmic(finite.Where(v => v > 0).Min(), most);
        }

        var step = NiceStep((most > 0 ? most : 1) / WantedTicks);
        var end = Math.Max(step, Math.Ceiling(most / step) * step);
        return new PlotAxis(0, end, false, [.. Enumerable.Range(0, (int)Math.Round(end / step) + 1).Select(i => i * step)]);
    }

    /// <summary>0 at the least value, 1 at the most; clamped.</summary>
    public double At(double value) => Math.Clamp(
        IsLogarithmic ? Math.Log(Math.Max(value, Least) / Least) / Math.Log(Most / Least) : (value - Least) / (Most - Least), 0, 1);

    public static string Text(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1_000_000 => (value / 1_000_000).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 10_000 => (value / 1000).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("G3", CultureInfo.InvariantCulture) is var text && !text.Contains('E', StringComparison.Ordinal) ? text : value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    private static PlotAxis Logarithmic(double least, double most)
    {
        var low = Math.Pow(10, Math.Floor(Math.Log10(least) + 1e-9));
        var ticks = new List<double>();
        for (var decade = low; decade <= most * 10 && ticks.Count < 60; decade *= 10)
        {
            ticks.AddRange([decade, decade * 2, decade * 5]);
        }

        var first = ticks.LastOrDefault(t => t <= least * 1.0001, ticks[0]);
        var last = ticks.First(t => t >= most * 0.9999 && t > first);
        ticks.RemoveAll(t => t < first || t > last);
        // Many decades: only their beginnings.
        if (ticks.Count > 2 * WantedTicks)
        {
            ticks.RemoveAll(t => Math.Abs(Math.Log10(t) - Math.Round(Math.Log10(t))) > 1e-6);
        }

        return new PlotAxis(first, last, true, ticks);
    }

    private static double NiceStep(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * (rough / power) switch
        {
            <= 1 => 1,
            <= 2 => 2,
            <= 5 => 5,
            _ => 10,
        };
    }
}
