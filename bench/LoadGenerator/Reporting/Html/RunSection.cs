using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>Runs side by side: a table, distributions, time lines.</summary>
internal static class RunSection
{
    private static readonly (string Name, string Key)[] Latencies = [("time to first token", "ttft"), ("time per output token", "tpot"), ("between tokens", "itl"), ("end to end", "e2el"), ("first token since arrival", "arrival_ttft")];

    public static void Append(StringBuilder page, IReadOnlyList<(string Label, JsonElement Root)> runs)
    {
        HtmlReport.AppendTable(page, ["", .. runs.Select(r => r.Label)], Rows(runs));
        page.Append("<div class=\"plots\">\n");
        foreach (var (name, key) in Latencies[..4])
        {
            page.Append(new SvgPlot($"Distribution: {name}", "ms", "% of requests or tokens below", [.. runs.Select((r, i) => new PlotSeries(r.Label, Quantiles(r.Root, key), i))]) { LogX = true }.Render());
        }

        page.Append(new SvgPlot("Output tokens per second", "seconds", "tokens/s", [.. runs.Select((r, i) => new PlotSeries(r.Label, Slices(r.Root, "output_tokens_per_second"), i))]).Render());
        page.Append(new SvgPlot("Requests in flight", "seconds", "requests", [.. runs.Select((r, i) => new PlotSeries(r.Label, Slices(r.Root, "in_flight"), i))]).Render());
        page.Append(new SvgPlot(
            "Running and waiting in the server", "seconds", "requests",
            [.. runs.SelectMany((r, i) => (PlotSeries[])[new PlotSeries(r.Label + ", running", Samples(r.Root, "running"), i), new PlotSeries(r.Label + ", waiting", Samples(r.Root, "waiting"), i, Dashed: true)])]).Render());
        page.Append(new SvgPlot("KV cache in use", "seconds", "part", [.. runs.Select((r, i) => new PlotSeries(r.Label, Samples(r.Root, "kv_cache_usage"), i))]).Render());
        page.Append("</div>\n");
    }

    private static IEnumerable<string[]> Rows(IReadOnlyList<(string Label, JsonElement Root)> runs)
    {
        yield return Row("requests completed", "0", "completed");
        yield return Row("requests failed", "0", "failed");
        yield return Row("requests/s", "0.00", "request_throughput");
        yield return Row("output tokens/s", "0.0", "output_throughput");
        yield return Row("all tokens/s", "0.0", "total_token_throughput");
        if (runs.Any(r => r.Root.TryGetProperty("request_goodput", out var goodput) && goodput.ValueKind == JsonValueKind.Number))
        {
            yield return Row("good requests/s", "0.00", "request_goodput");
        }

        foreach (var (name, key) in Latencies)
        {
            foreach (var (statistic, prefix) in new[] { ("p50", "median"), ("p95", "p95"), ("p99", "p99") })
            {
                yield return Row($"{name}, {statistic}, ms", "0.00", $"{prefix}_{key}_ms");
            }
        }

        yield return Row("prompt tokens from the prefix cache", "0", "total_cached_tokens");
        yield return Row("preemptions", "0", "server", "preemptions");
        yield return Row("KV cache at most", "0.000", "server", "peak_kv_cache_usage");
        yield return Row("client's part of the cores", "0.000", "client", "cpu_share");

        string[] Row(string name, string format, params string[] path) => [name, .. runs.Select(r => ReportInput.Number(r.Root, path).ToString(format, CultureInfo.InvariantCulture))];
    }

    private static IReadOnlyList<(double, double)> Quantiles(JsonElement run, string key) => [.. ReportInput.Numbers(run, "quantiles_ms", key).Select((value, percent) => (value, (double)percent)).Where(p => p.value > 0)];

    private static IReadOnlyList<(double, double)> Slices(JsonElement run, string key)
    {
        var slice = ReportInput.Number(run, "timeline", "slice_seconds");
        return [.. ReportInput.Numbers(run, "timeline", key).Select((value, i) => ((i + 0.5) * slice, value))];
    }

    private static IReadOnlyList<(double, double)> Samples(JsonElement run, string key) =>
        [.. ReportInput.Numbers(run, "server", "samples", "seconds").Zip(ReportInput.Numbers(run, "server", "samples", key))];
}
