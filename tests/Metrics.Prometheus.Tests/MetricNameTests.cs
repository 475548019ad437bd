namespace Octavo.Metrics.Prometheus.Tests;

public sealed class MetricNameTests
{
    [Theory]
    [InlineData("vllm:num_requests_running", MetricType.Gauge, "vllm:num_requests_running")]
    [InlineData("http.server.request.duration", MetricType.Histogram, "http_server_request_duration")]
    [InlineData("requests", MetricType.Counter, "requests_total")]
    [InlineData("requests_total", MetricType.Counter, "requests_total")]
    [InlineData("vllm:iteration_tokens_total", MetricType.Histogram, "vllm:iteration_tokens_total")]
    [InlineData("2xx", MetricType.Gauge, "_2xx")]
    [InlineData("größe", MetricType.Gauge, "gr__e")]
    public void ForInstrument_AnyName_IsLegalAndSuffixedOnce(string name, MetricType type, string expected) =>
        MetricName.ForInstrument(name, type).Should().Be(expected);

    [Theory]
    [InlineData("model_name", "model_name")]
    [InlineData("http.route", "http_route")]
    [InlineData("a:b", "a_b")]
    [InlineData("__name__", "_name__")]
    [InlineData("9", "_9")]
    [InlineData("", "_")]
    public void ForLabel_AnyName_IsLegal(string name, string expected) => MetricName.ForLabel(name).Should().Be(expected);
}
