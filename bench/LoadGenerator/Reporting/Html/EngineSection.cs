using System.Globalization;
using System.Net;
using System.Text;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>An experiment of the engine without HTTP: its tables.</summary>
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
        }
    }
}
