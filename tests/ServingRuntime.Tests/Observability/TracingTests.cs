using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Observability;

public sealed class TracingTests
{
    [Fact]
    public async Task Post_WithTraceparent_MakesSpansUnderIt()
    {
        var trace = ActivityTraceId.CreateRandom();
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await TestApplication.StartAsync("one two three");
        using var request = Request("""{"prompt": [4, 5, 6], "temperature": 0.5, "max_tokens": 9}""");
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        request.Headers.Add("X-Request-Id", "mine");

        (await server.Client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
        await Eventually.HoldsAsync(() => Snapshot(spans).Any(s => s.OperationName == "llm_request"), "the request's span has ended");

        var all = Snapshot(spans);
        var root = all.Single(s => s.OperationName == "llm_request");
        root.ParentSpanId.ToHexString().Should().Be("00f067aa0ba902b7");
        root.Kind.Should().Be(ActivityKind.Server);
        root.GetTagItem("gen_ai.usage.prompt_tokens").Should().Be(3);
        root.GetTagItem("gen_ai.request.max_tokens").Should().Be(9);
        root.GetTagItem("gen_ai.request.temperature").Should().Be(0.5f);
        root.GetTagItem("gen_ai.request.id").As<string>().Should().StartWith("cmpl-");
        root.GetTagItem("gen_ai.latency.time_to_first_token").As<double>().Should().BeGreaterThan(0);
        root.GetTagItem("http.request.header.x-request-id").Should().Be("mine");
        var tokens = (int)root.GetTagItem("gen_ai.usage.completion_tokens")!;
        tokens.Should().BeGreaterThan(1);
        foreach (var name in new[] { "queue", "prefill", "decode" })
        {
            var child = all.Single(s => s.OperationName == "llm_request." + name);
            child.ParentSpanId.Should().Be(root.SpanId);
            child.StartTimeUtc.Should().BeOnOrAfter(root.StartTimeUtc.AddMilliseconds(-1));
        }

        all.Single(s => s.OperationName == "llm_request.decode").Events.Should().HaveCount(tokens, "every step gave one token").And.OnlyContain(e => e.Name == "engine.step");
    }

    [Fact]
    public async Task Export_ToAnHttpReceiver_SendsTheSpansAndNoText()
    {
        var received = new List<string>();
        await using var collector = WebApplication.CreateSlimBuilder().Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.MapPost("/v1/traces", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            lock (received)
            {
                received.Add(Encoding.Latin1.GetString(body.ToArray()));
            }
        });
        await collector.StartAsync();
        await using (var server = await RunningServer.StartAsync(
            TestApplication.Answering("an answer of words"), configure: o => o with { OtlpTracesEndpoint = collector.Urls.First() + "/v1/traces" }))
        {
            using var response = await server.PostAsync("""{"prompt": "unspeakable question"}""");
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            await response.Content.ReadAsStringAsync();
            await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.LiveRequests.Count == 0, "the request has ended");
        }

        // The stop of the server sends what is left.
        string all;
        lock (received)
        {
            all = string.Concat(received);
        }

        all.Should().Contain("octavo-serve").And.Contain("llm_request.decode").And.Contain("gen_ai.usage.completion_tokens").And.Contain("engine.step");
        all.Should().NotContain("unspeakable").And.NotContain("answer of words");
    }

    private static HttpRequestMessage Request(string json) => new(HttpMethod.Post, "/v1/completions") { Content = new StringContent(json, null, "application/json") };

    private static List<Activity> Snapshot(List<Activity> spans)
    {
        lock (spans)
        {
            return [.. spans];
        }
    }
}
