using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>Octavo beside other programs: the table, and a bar for each side of each work, scaled to the largest.</summary>
internal static class PeersSection
{
    private const int BarHeight = 20;
    private const int NameWidth = 110;
    private const int BarWidth = 340;

    public static void Append(StringBuilder page, ReportInput input)
    {
        var root = input.Root;
        var machine = root.GetProperty("machine");
        var versions = string.Join("; ", root.GetProperty("versions").EnumerateObject().Select(v => $"{v.Name} {v.Value.GetString()}"));
        page.Append("<h2>Side by side</h2>\n<p class=\"note\">").Append(Encoded(
            $"random {root.GetProperty("shape").GetString()}, {root.GetProperty("threads").GetInt32()} threads on each side; {machine.GetProperty("cpu").GetString()}, load {machine.GetProperty("load").GetString()}; {versions}"));
        page.Append("<br/>").Append(Encoded(machine.GetProperty("flags").GetString()!)).Append("</p>\n");
        HtmlReport.AppendTable(page, Cells(root.GetProperty("columns")), root.GetProperty("rows").EnumerateArray().Select(Cells));
        page.Append("<div class=\"plots\">\n");
        foreach (var work in root.GetProperty("works").EnumerateArray())
        {
            var measure = work.GetProperty("measures")[0];
            Bars(page, $"{work.GetProperty("title").GetString()}: {measure.GetProperty("unit").GetString()}", [.. measure.GetProperty("sides").EnumerateArray()]);
        }

        page.Append("</div>\n");
    }

    private static void Bars(StringBuilder page, string title, IReadOnlyList<JsonElement> sides)
    {
        if (sides.Count == 0)
        {
            return;
        }

        var largest = sides.Max(s => s.GetProperty("median").GetDouble());
        page.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Encoded(title)}</figcaption><svg viewBox=\"0 0 {NameWidth + BarWidth + 80} {(sides.Count * (BarHeight + 6)) + 4}\" role=\"img\" aria-label=\"{Encoded(title)}\">");
        for (var i = 0; i < sides.Count; i++)
        {
            var median = sides[i].GetProperty("median").GetDouble();
            var (y, width) = (4 + (i * (BarHeight + 6)), largest > 0 ? median / largest * BarWidth : 0);
            page.Append(CultureInfo.InvariantCulture, $"<text class=\"label\" x=\"0\" y=\"{y + 15}\">{Encoded(sides[i].GetProperty("name").GetString()!)}</text>");
            page.Append(CultureInfo.InvariantCulture, $"<rect class=\"dot c{i}\" x=\"{NameWidth}\" y=\"{y}\" width=\"{width:0.#}\" height=\"{BarHeight}\" rx=\"3\"/>");
            page.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{NameWidth + width + 6:0.#}\" y=\"{y + 15}\">{median:0.##}</text>");
        }

        page.Append("</svg></figure>\n");
    }

    private static IEnumerable<string> Cells(JsonElement row) => row.EnumerateArray().Select(c => c.GetString()!);

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}
