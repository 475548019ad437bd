using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Limits;

public sealed class LimitsMiddlewareTests
{
    [Fact]
    public async Task Post_KeyHasItsRequestsInProgress_Is429ForThatKeyAlone()
    {
        var core = new ScriptedEngineCore(_ => [70, 2]) { Steps = new SemaphoreSlim(0) };
        await using var server = await TestApplication.StartAsync(core, o => o with { ApiKeys = ["a", "b"], MaxConcurrentRequestsPerKey = 1 });
        var first = PostAsync(server, "a");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight == 1, "the first is in flight");

        using var refused = await PostAsync(server, "a");
        var other = PostAsync(server, "b");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight == 2, "the other key's is in flight");

        refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        var error = JsonSerializer.Deserialize<JsonElement>(await refused.Content.ReadAsStringAsync()).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("rate_limit_exceeded");
        error.GetProperty("type").GetString().Should().Be("rate_limit_error");
        core.Steps.Release(100);
        (await first).StatusCode.Should().Be(HttpStatusCode.OK);
        (await other).StatusCode.Should().Be(HttpStatusCode.OK);
        (await PostAsync(server, "a")).StatusCode.Should().Be(HttpStatusCode.OK, "the place is free again");
    }

    [Theory]
    [InlineData(null, 600)]
    [InlineData("2.5", 2.5)]
    [InlineData("100000", 600)]
    public async Task Post_WithTimeoutHeader_GivesTheEngineTheNearerDeadline(string? header, double seconds)
    {
        EngineCoreRequest? seen = null;
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(request =>
        {
            seen = request;
            return [70, 2];
        }));

        (await PostAsync(server, "x", header)).StatusCode.Should().Be(HttpStatusCode.OK);

        var allowed = TimeProvider.System.GetElapsedTime(seen!.ArrivalTimestamp, seen.Deadline!.Value).TotalSeconds;
        allowed.Should().BeInRange(seconds - 2, seconds);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task Post_WithBadTimeoutHeader_Is400(string header)
    {
        await using var server = await TestApplication.StartAsync("ok");

        (await PostAsync(server, "x", header)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private static Task<HttpResponseMessage> PostAsync(TestApplication server, string key, string? timeout = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
            Content = new StringContent("""{"prompt": "x"}""", null, "application/json"),
        };
        if (timeout is not null)
        {
            request.Headers.Add("X-Request-Timeout", timeout);
        }

        return server.Client.SendAsync(request);
    }
}
