using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Metrics;
using Octavo.LoadGenerator.Reporting;
using Octavo.LoadGenerator.Reporting.Html;
using Octavo.LoadGenerator.Statistics;
using Octavo.LoadGenerator.Sweep;

namespace Octavo.LoadGenerator.Tests.Reporting.Html;

public sealed class HtmlReportTests
{
    [Fact]
    public void Render_Runs_AreSideBySideWithTheirPlots()
    {
        var page = Page(Run("first"), Run("<second> & more"));

        Cells(page, "output tokens/s").Should().Equal("output tokens/s", "15.0", "15.0");
        Cells(page, "").Should().Equal("", "first", "<second> & more");
        Captions(page).Should().Contain(["Distribution: time to first token", "Output tokens per second", "Requests in flight", "Running and waiting in the server"]);
        page.Descendants("polyline").Should().HaveCountGreaterThan(10);
        page.Descendants("polyline").Should().OnlyContain(p => p.Attribute("points")!.Value.Length > 0 && !p.Attribute("points")!.Value.Contains("NaN", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_Sweep_HasCurvesWithAMarkForEachPoint()
    {
        var points = new[] { "1", "8" }.Select(v => new SweepPoint(v, v + " at once", [Measured(v)])).ToArray();
        var json = SweepReport.Render(new SweepOptions(new ServeOptions { Label = "Concurrency" }, SweepVariable.MaxConcurrency, ["1", "8"], [], 1, null, null), points);
        var page = Page(ReportInput.Parse("sweep", json.ToJsonString()));

        page.Descendants("h2").First().Value.Should().Be("Concurrency");
        Captions(page).Should().Contain(["Throughput", "Latency against throughput", "Goodput"]);
        page.Descendants("figure").First().Descendants("circle").Should().HaveCount(2);
    }

    [Fact]
    public void Render_EngineExperiment_IsItsTables()
    {
        const string Json = """
            {"kind":"octavo-engine-bench","title":"T","threads":2,"rounds":3,"machine":{"cpu":"X","load":"0.1"},"tables":[{"title":"Mix","note":"n","columns":["policy","tok/s"],"rows":[["continuous","5"]]}]}
            """;

        Cells(Page(ReportInput.Parse("engine", Json)), "continuous").Should().Equal("continuous", "5");
    }

    [Fact]
    public void Render_EngineTableWithPlot_DrawsMeasuredAndFittedCurves()
    {
        const string Json = """
            {"kind":"octavo-engine-bench","title":"T","threads":2,"rounds":3,"machine":{"cpu":"X","load":"0.1"},"tables":[{"title":"Mix","note":null,"columns":["a"],"rows":[["1"]],
            "plots":[{"title":"Cost","x_label":"tokens","y_label":"us","curves":[{"name":"int8","colour":1,"fitted":false,"points":[[1024,2],[2048,4]]},{"name":"line","colour":1,"fitted":true,"points":[[1024,2],[2048,4]]}]}]}]}
            """;
        var page = Page(ReportInput.Parse("engine", Json));

        Captions(page).Should().Equal("Cost");
        page.Descendants("circle").Should().HaveCount(2, "measured points are marked, the line is not");
        page.Descendants("polyline").Select(line => line.Attribute("class")!.Value).Should().Equal("line c1", "line c1 dashed");
    }

    [Fact]
    public void Render_Page_NeedsNothingFromElsewhere()
    {
        var html = HtmlReport.Render("t", "n", [Run("a")]);

        html.Should().NotContain("<script").And.NotContain("src=").And.NotContain("href=").And.NotContain("url(").And.NotContain("@import");
        html.Should().Contain("prefers-color-scheme: dark");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kind":"other"}""")]
    public void Parse_OtherJson_IsRefused(string json) => FluentActions.Invoking(() => ReportInput.Parse("x", json)).Should().Throw<InvalidDataException>();

    [Fact]
    public void Parse_NoJson_IsRefused() => FluentActions.Invoking(() => ReportInput.Parse("x", "{")).Should().Throw<JsonException>();

    [Fact]
    public void Render_Json_HasTheDocumentedKeys()
    {
        var json = JsonReport.Render(Measured("a"));
        string[] keys =
        [
            "kind", "schema_version", "label", "model_id", "num_prompts", "request_rate", "duration", "completed", "failed", "total_input_tokens", "total_output_tokens", "request_throughput", "output_throughput",
            "mean_ttft_ms", "median_ttft_ms", "p90_tpot_ms", "p95_itl_ms", "p99_e2el_ms", "p99_arrival_ttft_ms", "max_send_delay_ms", "p99_queue_ms", "request_goodput", "goodput_slo", "errors", "error_kinds", "client", "server", "timeline", "quantiles_ms",
        ];

        json.Select(p => p.Key).Should().Contain(keys);
        json["quantiles_ms"]!["ttft"].Should().BeOfType<JsonArray>().Which.Should().HaveCount(101);
    }

    private static XElement Page(params ReportInput[] inputs)
    {
        var html = HtmlReport.Render("Title", "note", inputs);
        return XDocument.Parse(html[html.IndexOf("<html", StringComparison.Ordinal)..]).Root!;
    }

    private static IEnumerable<string> Cells(XElement page, string first) =>
        page.Descendants("tr").First(r => r.Elements().First().Value == first).Elements().Select(c => c.Value);

    private static IEnumerable<string> Captions(XElement page) => page.Descendants("figcaption").Select(c => c.Value);

    private static ReportInput Run(string label) => ReportInput.Parse("file", JsonReport.Render(Measured(label)).ToJsonString());

    private static RunMeasurement Measured(string label)
    {
        RequestResult[] results = [.. Enumerable.Range(0, 10).Select(i => new RequestResult
        {
            ScheduledAt = i * 0.1, SentAt = (i * 0.1) + 0.001, TimeToFirstToken = 0.1 + (i * 0.01), InterTokenLatencies = [0.05, 0.06], EndToEnd = 0.3, OutputTokens = 3, PromptTokens = 5, QueueTime = 0.001,
        })];
        var options = new ServeOptions { Label = label, Goodput = new ServiceLevel(150, null, null) };
        var server = new ServerReport { Samples = [new ServerSample(0.5, 2, 1, 0.1), new ServerSample(1, 1, 0, 0.2)] };
        return new RunMeasurement(options, "m", results, BenchmarkSummary.Of(results, TimeSpan.FromSeconds(2), options.Goodput), Timeline.Of(results, 2), server, 0.2);
    }
}
