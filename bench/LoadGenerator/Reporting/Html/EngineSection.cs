using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>An experiment of the engine without HTTP: its tables, and the plots that belong to them.</summary>
internal static class EngineSection
{
    public static void Append(StringBuilder page, ReportInput input)
    {
        var root = input.Root;
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h2>{WebUtility.HtmlEncode(root.GetProperty("title").GetString())}</h2>\n<p class=\"note\">engine alone, {ReportInput.Number(root, "threads")} threads, medians of {ReportInput.Number(root, "rounds")}; {WebUtility.HtmlEncode(root.GetProperty("machine").GetProperty("cpu").GetString())}, load {WebUtility.HtmlEncode(root.GetProperty("machine").GetProperty("load").GetString())}</p>\n");
        foreach (var table in root.GetProperty("tables").EnumerateArray())
        {
            page.Append("<h3>").Append(WebUtility.HtmlEncode(table.GetProperty("title").GetString())).Append("</h3>\n");
            HtmlReport.AppendTable(
                page, table.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!), table.GetProperty("rows").EnumerateArray().Select(r => r.EnumerateArray().Select(c => c.GetString()!)));
            if (table.GetProperty("note").GetString() is { } note)
            {
                page.Append("<p class=\"note\">").Append(WebUtility.HtmlEncode(note)).Append("</p>\n");
            }

            // Results of before there were plots have none.
            if (table.TryGetProperty("plots", out var plots) && plots.GetArrayLength() > 0)
            {
                page.Append("<div class=\"plots\">\n");
                foreach (var plot in plots.EnumerateArray())
                {
                    page.Append(new SvgPlot(Text(plot, "title"), Text(plot, "x_label"), Text(plot, "y_label"), [.. plot.GetProperty("curves").EnumerateArray().Select(Curve)]).Render());
                }

                page.Append("</div>\n");
            }
        }
    }

    private static PlotSeries Curve(JsonElement curve)
    {
        var fitted = curve.GetProperty("fitted").GetBoolean();
        return new PlotSeries(
            Text(curve, "name"), [.. curve.GetProperty("points").EnumerateArray().Select(p => (p[0].GetDouble(), p[1].GetDouble()))], curve.GetProperty("colour").GetInt32(), Marked: !fitted, Dashed: fitted);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
