using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Reporting;

namespace Octavo.LoadGenerator.Sweep;

/// <summary>A sweep as JSON and as a table.</summary>
internal static class SweepReport
{
    /// <summary>Part of the requests that must be good for a rate to be borne.</summary>
    private const double EnoughGood = 0.9;

    /// <summary>Figures of a point, by their key in the JSON.</summary>
    private static readonly (string Key, Func<RunMeasurement, double> Of)[] Figures =
    [
        ("request_throughput", r => r.Summary.RequestThroughput),
        ("output_throughput", r => r.Summary.OutputThroughput),
        ("total_token_throughput", r => r.Summary.TotalThroughput),
        ("median_ttft_ms", r => r.Summary.TimeToFirstToken.Median),
        ("p95_ttft_ms", r => r.Summary.TimeToFirstToken.P95),
        ("p99_ttft_ms", r => r.Summary.TimeToFirstToken.P99),
        ("median_tpot_ms", r => r.Summary.TimePerOutputToken.Median),
        ("p99_tpot_ms", r => r.Summary.TimePerOutputToken.P99),
        ("median_itl_ms", r => r.Summary.InterTokenLatency.Median),
        ("p99_itl_ms", r => r.Summary.InterTokenLatency.P99),
        ("median_e2el_ms", r => r.Summary.EndToEnd.Median),
        ("p99_e2el_ms", r => r.Summary.EndToEnd.P99),
        ("p99_arrival_ttft_ms", r => r.Summary.ArrivalTimeToFirstToken.P99),
        ("request_goodput", r => r.Summary.Goodput ?? 0),
        ("good_share", GoodShare),
        ("prefix_cache_hit_rate", r => r.Server?.PrefixCacheHitRate ?? 0),
        ("preemptions", r => r.Server?.Preemptions ?? 0),
        ("client_cpu_share", r => r.ClientCpuShare),
        ("client_cpu_us_per_token", r => r.ClientCpuMicrosecondsPerToken),
        ("server_cpu_us_per_token", ServerMicrosecondsPerToken),
        ("failed", r => r.Summary.Failed),
    ];

    public static JsonObject Render(SweepOptions options, IReadOnlyList<SweepPoint> points) => new()
    {
        ["kind"] = "octavo-bench-sweep",
        ["schema_version"] = JsonReport.SchemaVersion,
        ["label"] = options.Base.Label,
        ["variable"] = Name(options.Variable),
        ["rounds"] = options.Rounds,
        ["points"] = new JsonArray([.. points.Select(p => (JsonNode)new JsonObject
        {
            ["value"] = p.Value,
            ["label"] = p.Label,
            ["median"] = new JsonObject(Figures.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Math.Round(p.Median(f.Of), 6)))),
            ["by_first"] = new JsonObject(Figures.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Math.Round(p.Ratio(points[0], f.Of), 6)))),
            ["run"] = JsonReport.Render(p.Typical),
        })]),
    };

    public static void Write(TextWriter output, SweepOptions options, IReadOnlyList<SweepPoint> points)
    {
        var goodput = options.Base.Goodput is not null;
        var first = Math.Max(Name(options.Variable).Length, points.Max(p => p.Label.Length));
        output.WriteLine(Cells(Name(options.Variable), "req/s", "out tok/s", "TTFT p50", "p99", "TPOT p50", "E2EL p50", "p99", goodput ? "good %" : "", "client %", "server µs/t", "failed"));
        foreach (var p in points)
        {
            output.WriteLine(Cells(
                p.Label, Text(p.Median(r => r.Summary.RequestThroughput), "F2"), Text(p.Median(r => r.Summary.OutputThroughput), "F0"),
                Text(p.Median(r => r.Summary.TimeToFirstToken.Median), "F1"), Text(p.Median(r => r.Summary.TimeToFirstToken.P99), "F1"), Text(p.Median(r => r.Summary.TimePerOutputToken.Median), "F2"),
                Text(p.Median(r => r.Summary.EndToEnd.Median), "F1"), Text(p.Median(r => r.Summary.EndToEnd.P99), "F1"),
                goodput ? Text(p.Median(GoodShare) * 100, "F0") : "", Text(p.Median(r => r.ClientCpuShare) * 100, "F0"), Text(p.Median(ServerMicrosecondsPerToken), "F1"),
                Text(p.Median(r => r.Summary.Failed), "F0")));
        }

        if (options.Variable == SweepVariable.RequestRate && goodput)
        {
            var best = points.Where(p => p.Median(GoodShare) >= EnoughGood).MaxBy(p => p.Median(r => r.Summary.Goodput ?? 0));
            output.WriteLine(best is null
                ? FormattableString.Invariant($"no rate had {EnoughGood:P0} good requests ({options.Base.Goodput})")
                : FormattableString.Invariant($"highest goodput with {EnoughGood:P0} good requests ({options.Base.Goodput}): {best.Median(r => r.Summary.Goodput ?? 0):0.00}/s, at {best.Label}"));
        }

        if (options.Variable == SweepVariable.BaseUrl)
        {
            foreach (var p in points.Skip(1))
            {
                output.WriteLine(FormattableString.Invariant(
                    $"{points[0].Label} by {p.Label}: throughput {points[0].Ratio(p, r => r.Summary.OutputThroughput):0.00}, TTFT {points[0].Ratio(p, r => r.Summary.TimeToFirstToken.Median):0.000}, that is {p.Ratio(points[0], r => r.Summary.TimeToFirstToken.Median):0.0} times sooner"));
            }
        }

        string Cells(string name, params string[] numbers) => name.PadRight(first) + string.Concat(numbers.Where(n => n.Length > 0).Select(n => n.PadLeft(12)));
    }

    private static double GoodShare(RunMeasurement run) => (double)(run.Summary.Good ?? 0) / Math.Max(1, run.Summary.Completed + run.Summary.Failed);

    /// <summary>Processor time of the server by output token, prompts included: the same on a busy machine.</summary>
    private static double ServerMicrosecondsPerToken(RunMeasurement run) => run.Summary.OutputTokens > 0 ? (run.Server?.CpuSeconds ?? 0) * 1e6 / run.Summary.OutputTokens : 0;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Name(SweepVariable variable) => variable switch
    {
        SweepVariable.MaxConcurrency => "max_concurrency",
        SweepVariable.RequestRate => "request_rate",
        _ => "base_url",
    };
}
