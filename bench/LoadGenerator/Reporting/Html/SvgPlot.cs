using System.Globalization;
using System.Net;
using System.Text;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>A line plot as a figure of inline SVG, with a legend; colours come from the page's style, so that it follows light and dark.</summary>
internal sealed record SvgPlot(string Title, string XLabel, string YLabel, IReadOnlyList<PlotSeries> Series)
{
    private const double Width = 560;
    private const double Height = 300;
    private const double Left = 58;
    private const double Right = 14;
    private const double Top = 10;
    private const double Bottom = 42;

    public bool LogX { get; init; }

    public bool LogY { get; init; }

    /// <summary>Nothing to draw is no figure.</summary>
    public string Render()
    {
        var drawn = Series.Where(s => s.Points.Count > 0).ToArray();
        if (drawn.Length == 0)
        {
            return "";
        }

        var x = PlotAxis.Over(drawn.SelectMany(s => s.Points.Select(p => p.X)), LogX);
        var y = PlotAxis.Over(drawn.SelectMany(s => s.Points.Select(p => p.Y)), LogY);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{WebUtility.HtmlEncode(Title)}</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(Title)}\">");
        Axes(svg, x, y);
        foreach (var series in drawn)
        {
            Line(svg, series, x, y);
        }

        svg.Append("</svg>");
        if (drawn.Length > 1)
        {
            svg.Append("<ul class=\"legend\">");
            foreach (var series in drawn)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<li><i class=\"c{series.Colour % HtmlStyle.Colours}{(series.Dashed ? " dashed" : "")}\"></i>{WebUtility.HtmlEncode(series.Name)}</li>");
            }

            svg.Append("</ul>");
        }

        return svg.Append("</figure>\n").ToString();
    }

    private void Axes(StringBuilder svg, PlotAxis x, PlotAxis y)
    {
        foreach (var tick in y.Ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y, tick):0.#}\" y2=\"{Y(y, tick):0.#}\"/><text class=\"tick\" text-anchor=\"end\" x=\"{Left - 6}\" y=\"{Y(y, tick) + 4:0.#}\">{PlotAxis.Text(tick)}</text>");
        }

        foreach (var tick in x.Ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(x, tick):0.#}\" x2=\"{X(x, tick):0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"tick\" text-anchor=\"middle\" x=\"{X(x, tick):0.#}\" y=\"{Height - Bottom + 16}\">{PlotAxis.Text(tick)}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label\" text-anchor=\"middle\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\">{WebUtility.HtmlEncode(XLabel)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label\" text-anchor=\"middle\" transform=\"translate(13 {(Top + Height - Bottom) / 2}) rotate(-90)\">{WebUtility.HtmlEncode(YLabel)}</text>");
    }

    private static void Line(StringBuilder svg, PlotSeries series, PlotAxis x, PlotAxis y)
    {
        var points = string.Join(' ', series.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(x, p.X):0.#},{Y(y, p.Y):0.#}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line c{series.Colour % HtmlStyle.Colours}{(series.Dashed ? " dashed" : "")}\" points=\"{points}\"><title>{WebUtility.HtmlEncode(series.Name)}</title></polyline>");
        if (!series.Marked)
        {
            return;
        }

        foreach (var point in series.Points)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot c{series.Colour % HtmlStyle.Colours}\" cx=\"{X(x, point.X):0.#}\" cy=\"{Y(y, point.Y):0.#}\" r=\"3.5\"><title>{WebUtility.HtmlEncode(series.Name)}: {PlotAxis.Text(point.X)}, {PlotAxis.Text(point.Y)}</title></circle>");
        }
    }

    private static double X(PlotAxis axis, double value) => Left + (axis.At(value) * (Width - Left - Right));

    private static double Y(PlotAxis axis, double value) => Height - Bottom - (axis.At(value) * (Height - Top - Bottom));
}
