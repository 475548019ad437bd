namespace Octavo.Metrics.Prometheus.Tests;

public sealed class PrometheusTextWriterTests
{
    [Theory]
    [InlineData(ExpositionFormat.PrometheusText, "exposition.txt")]
    [InlineData(ExpositionFormat.OpenMetrics, "exposition.openmetrics.txt")]
    public void Write_AllKindsOfFamilies_EqualsTheGoldenFile(ExpositionFormat format, string file) =>
        PrometheusTextWriter.Write(SampleFamilies.All, format)
            .Should().Be(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", file)));

    [SkippableFact]
    public async Task Write_AllKindsOfFamilies_IsAcceptedByPromtool()
    {
        Skip.IfNot(Promtool.IsInstalled, "promtool is not installed (Debian package: prometheus)");

        var (exitCode, output) = await Promtool.CheckMetricsAsync(PrometheusTextWriter.Write(SampleFamilies.All));

        exitCode.Should().Be(0, output);
    }

    [SkippableFact]
    public async Task Write_VllmNames_AreParsedByPromtoolThatOnlyDislikesTheColon()
    {
        Skip.IfNot(Promtool.IsInstalled, "promtool is not installed (Debian package: prometheus)");
        var family = new MetricFamily("vllm:num_requests_running", "Requests in the batch.", MetricType.Gauge, [new MetricSample([new("model_name", "m")], 3)]);

        var (exitCode, output) = await Promtool.CheckMetricsAsync(PrometheusTextWriter.Write([family]));

        // 3 says that it parsed, with advice; 1 would be a syntax error.
        exitCode.Should().BeOneOf([0, 3], output);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().OnlyContain(line => line.Contains("should not contain ':'"));
    }
}
