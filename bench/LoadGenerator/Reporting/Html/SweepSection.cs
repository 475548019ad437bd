using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>A sweep: its table, its curves, and below them its points as runs.</summary>
internal static class SweepSection
{
    private static readonly (string Column, string Key, string Format)[] Columns =
    [
        ("requests/s", "request_throughput", "0.00"), ("output tok/s", "output_throughput", "0"), ("TTFT p50 ms", "median_ttft_ms", "0.0"), ("TTFT p99 ms", "p99_ttft_ms", "0.0"), ("TPOT p50 ms", "median_tpot_ms", "0.00"),
        ("ITL p99 ms", "p99_itl_ms", "0.0"), ("E2EL p50 ms", "median_e2el_ms", "0"), ("E2EL p99 ms", "p99_e2el_ms", "0"), ("good", "good_share", "0 %"), ("cache hits", "prefix_cache_hit_rate", "0.0 %"), ("client", "client_cpu_share", "0 %"), ("failed", "failed", "0"),
    ];

    public static void Append(StringBuilder page, ReportInput sweep)
    {
        var points = sweep.Root.GetProperty("points").EnumerateArray().ToArray();
        var variable = sweep.Root.GetProperty("variable").GetString()!;
        page.Append(CultureInfo.InvariantCulture, $"<h2>{WebUtility.HtmlEncode(sweep.Label)}</h2>\n<p class=\"note\">sweep of {variable}, medians of {ReportInput.Number(sweep.Root, "rounds")} rounds</p>\n");
        HtmlReport.AppendTable(page, [variable, .. Columns.Select(c => c.Column)], points.Select(p => (IEnumerable<string>)[Label(p), .. Columns.Select(c => Figure(p, c.Key).ToString(c.Format, CultureInfo.InvariantCulture))]));
        if (variable != "base_url")
        {
            var x = variable == "max_concurrency" ? "requests at once" : "requests per second";
            page.Append("<div class=\"plots\">\n");
            page.Append(new SvgPlot("Throughput", x, "output tokens/s", [Curve("output tokens/s", "output_throughput", 0)]) { LogX = true }.Render());
            page.Append(new SvgPlot("Time to first token", x, "ms", [Curve("p50", "median_ttft_ms", 0), Curve("p99", "p99_ttft_ms", 1), Curve("p99 since arrival", "p99_arrival_ttft_ms", 2)]) { LogX = true, LogY = true }.Render());
            page.Append(new SvgPlot("Time per output token", x, "ms", [Curve("p50", "median_tpot_ms", 0), Curve("p99", "p99_tpot_ms", 1)]) { LogX = true }.Render());
            page.Append(new SvgPlot("Latency against throughput", "output tokens/s", "ms per output token, p50", [new PlotSeries("points", [.. points.Select(p => (Figure(p, "output_throughput"), Figure(p, "median_tpot_ms")))], 0, Marked: true)]).Render());
            if (points.Any(p => Figure(p, "good_share") > 0))
            {
                page.Append(new SvgPlot("Goodput", x, "requests/s", [Curve("all", "request_throughput", 7), Curve("good", "request_goodput", 2)]) { LogX = true }.Render());
            }

            page.Append("</div>\n");

            PlotSeries Curve(string name, string key, int colour) =>
                new(name, [.. points.Select(p => (double.Parse(p.GetProperty("value").GetString()!, CultureInfo.InvariantCulture), Figure(p, key)))], colour, Marked: true);
        }

        page.Append("<h3>Points</h3>\n");
        RunSection.Append(page, [.. points.Select(p => (Label(p), p.GetProperty("run")))]);
    }

    private static double Figure(JsonElement point, string key) => ReportInput.Number(point, "median", key);

    private static string Label(JsonElement point) => point.GetProperty("label").GetString()!;
}
