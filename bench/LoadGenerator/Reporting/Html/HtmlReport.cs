using System.Net;
using System.Text;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>Results as one page that needs nothing else: sweeps as curves, runs side by side as tables, distributions and time lines, the engine's experiments as tables.</summary>
internal static class HtmlReport
{
    public static string Render(string title, string? note, IReadOnlyList<ReportInput> inputs)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
        page.Append("<title>").Append(WebUtility.HtmlEncode(title)).Append("</title><style>\n").Append(HtmlStyle.Css).Append("\n</style></head><body>\n");
        page.Append("<h1>").Append(WebUtility.HtmlEncode(title)).Append("</h1>\n");
        if (note is not null)
        {
            page.Append("<p class=\"note\">").Append(WebUtility.HtmlEncode(note)).Append("</p>\n");
        }

        foreach (var peers in inputs.Where(i => i.Kind == ReportInput.Source.Peers))
        {
            PeersSection.Append(page, peers);
        }

        foreach (var sweep in inputs.Where(i => i.Kind == ReportInput.Source.Sweep))
        {
            SweepSection.Append(page, sweep);
        }

        var runs = inputs.Where(i => i.Kind == ReportInput.Source.Run).Select(i => (i.Label, i.Root)).ToArray();
        if (runs.Length > 0)
        {
            page.Append("<h2>Runs</h2>\n");
            RunSection.Append(page, runs);
        }

        foreach (var engine in inputs.Where(i => i.Kind == ReportInput.Source.Engine))
        {
            EngineSection.Append(page, engine);
        }

        return page.Append("</body></html>\n").ToString();
    }

    /// <summary>A table whose first column is text.</summary>
    public static void AppendTable(StringBuilder page, IEnumerable<string> columns, IEnumerable<IEnumerable<string>> rows)
    {
        page.Append("<div class=\"wide\"><table><thead><tr>");
        foreach (var column in columns)
        {
            page.Append("<th>").Append(WebUtility.HtmlEncode(column)).Append("</th>");
        }

        page.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            page.Append("<tr>");
            foreach (var cell in row)
            {
                page.Append("<td>").Append(WebUtility.HtmlEncode(cell)).Append("</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }
}
