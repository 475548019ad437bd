using System.Net;
using System.Text.Json;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Observability;

public sealed class RequestMetricsTests
{
    private const string Chat = """{"messages": [{"role": "user", "content": "x"}]""";

    [Theory]
    [InlineData("/v1/completions", """{"prompt": "x"}""")]
    [InlineData("/v1/chat/completions", Chat + "}")]
    public async Task Post_ByFlagOrHeader_CarriesTimings(string path, string json)
    {
        await using var server = await TestApplication.StartAsync("one two three");
        await using var always = await TestApplication.StartAsync("one two three", o => o with { PerRequestMetrics = true });
        using var asking = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, null, "application/json") };
        asking.Headers.Add("X-Request-Metrics", "true");

        (await server.PostForJsonAsync(path, json)).TryGetProperty("metrics", out _).Should().BeFalse();
        using var response = await server.Client.SendAsync(asking);
        foreach (var body in new[] { JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()), await always.PostForJsonAsync(path, json) })
        {
            var metrics = body.GetProperty("metrics");
            metrics.EnumerateObject().Select(p => p.Name).Should().Equal("time_to_first_token_ms", "generation_time_ms", "queue_time_ms", "mean_itl_ms", "tokens_per_second");
            metrics.GetProperty("time_to_first_token_ms").GetDouble().Should().BePositive();
            metrics.GetProperty("mean_itl_ms").GetDouble().Should().BePositive();
        }
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt": "x", "stream": true, "stream_options": {"include_usage": true}}""")]
    [InlineData("/v1/chat/completions", Chat + """, "stream": true, "stream_options": {"include_usage": true}}""")]
    public async Task PostStreamed_ByFlag_CarriesTimingsWithTheUsage(string path, string json)
    {
        await using var server = await TestApplication.StartAsync("one two three", o => o with { PerRequestMetrics = true });

        var events = await server.PostForEventsAsync(path, json);

        events.Where(e => e.Contains("\"metrics\"")).Should().ContainSingle().Which.Should().Be(events[^2]);
    }

    [Fact]
    public async Task Metrics_AfterRequests_CountThemByRouteMethodAndStatus()
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { ApiKeys = ["k"] });
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", "k");
        await server.PostForJsonAsync("/v1/completions", """{"prompt": "x"}""");
        await server.PostForJsonAsync("/v1/completions", """{"prompt": []}""", 400);
        (await server.Client.GetAsync("/v1/models/whatever")).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await server.Client.GetAsync("/a/path/of/nobody")).StatusCode.Should().Be(HttpStatusCode.NotFound);
        server.Client.DefaultRequestHeaders.Authorization = null;
        (await server.Client.GetAsync("/v1/models")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);

        string text = "";
        await Eventually.HoldsAsync(
            () => (text = server.Client.GetStringAsync("/metrics").Result).Contains("http_requests_total{handler=\"none\",method=\"GET\",status=\"4xx\"} 2\n"), "all are counted");

        text.Should().Contain("http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"} 1\n");
        text.Should().Contain("http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"4xx\"} 1\n");
        text.Should().Contain("http_requests_total{handler=\"/v1/models/{**id}\",method=\"GET\",status=\"4xx\"} 1\n");
        text.Should().Contain("http_request_duration_seconds_count{handler=\"/v1/completions\",method=\"POST\"} 2\n");
        text.Should().NotContain("nobody", "paths of clients make no series");
        text.Should().Contain("vllm:request_params_n_count{engine=\"0\",model_name=\"octavo-tiny\"} 1\n");
        text.Should().Contain("vllm:prompt_tokens_by_source_total{engine=\"0\",model_name=\"octavo-tiny\",source=\"local_compute\"}");
    }
}
