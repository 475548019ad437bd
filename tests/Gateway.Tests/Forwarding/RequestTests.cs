using System.Net;
using System.Text;
using System.Text.Json;
using Octavo.Gateway.Configuration;

namespace Octavo.Gateway.Tests.Forwarding;

public sealed class RequestTests
{
    [Fact]
    public async Task Post_Headers_OnlyThoseThatBelongToTheRequestPass()
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
        {
            context.Response.Headers["X-Mine"] = "upstream";
            context.Response.Headers.Connection = "close";
            context.Response.Headers.Server = "secret";
            context.Response.Headers["X-Request-Id"] = "other";
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings?a=b%20c") { Content = new StringContent("""{"model":"alias"}""", Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer key");
        request.Headers.TryAddWithoutValidation("X-Request-Id", "mine");
        request.Headers.TryAddWithoutValidation("X-Hop", "1");
        request.Headers.TryAddWithoutValidation("Connection", "X-Hop");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await gateway.Http.SendAsync(request);

        var received = upstream.Requests.Single();
        received.PathAndQuery.Should().Be("/v1/embeddings?a=b%20c");
        received.Body.Should().Be("""{"model":"alias"}""");
        received.Headers.Should().Contain("Authorization", "Bearer key").And.Contain("X-Request-Id", "mine").And.Contain("X-Forwarded-For", "127.0.0.1")
            .And.Contain("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").And.Contain("Content-Type", "application/json; charset=utf-8")
            .And.NotContainKey("X-Hop").And.NotContainKey("TE");
        response.Headers.GetValues("X-Request-Id").Should().Equal("mine");
        response.Headers.GetValues("X-Mine").Should().Equal("upstream");
        response.Headers.Should().NotContain(h => h.Key == "Server" || h.Key == "Connection");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("with space")]
    public async Task Post_NoUsableRequestId_GetsOne(string? given)
    {
        await using var upstream = await FakeUpstream.StartAsync(200);
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"model":"m"}""") };
        request.Headers.TryAddWithoutValidation("X-Request-Id", given);

        using var response = await gateway.Http.SendAsync(request);

        var id = response.Headers.GetValues("X-Request-Id").Single();
        id.Should().HaveLength(32);
        upstream.Requests.Single().Headers["X-Request-Id"].Should().Be(id);
    }

    [Theory]
    [InlineData("""{"model":"m",}""", 400, "invalid_json", null)]
    [InlineData("", 400, "invalid_json", null)]
    [InlineData("[]", 400, null, null)]
    [InlineData("""{"messages":[]}""", 400, null, "model")]
    [InlineData("""{"model":7}""", 400, null, "model")]
    [InlineData("""{"model":"nobody"}""", 404, "model_not_found", "model")]
    public async Task Post_BadBody_IsAnsweredWithTheEnvelope(string body, int statusCode, string? code, string? param)
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);

        using var response = await gateway.PostAsync(body);

        ((int)response.StatusCode).Should().Be(statusCode);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        error.GetProperty("message").GetString().Should().NotBeEmpty();
        error.GetProperty("type").GetString().Should().Be("invalid_request_error");
        error.GetProperty("code").GetString().Should().Be(code);
        error.GetProperty("param").GetString().Should().Be(param);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_BodyOverTheLimit_Is413(bool chunked)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { Forwarding = new() { MaxRequestBodyBytes = 1000 } });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(new string(' ', 1001)) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        (await response.Content.ReadAsStringAsync()).Should().Contain("request_too_large");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_BodyAtTheLimit_PassesUnchanged(bool chunked)
    {
        await using var upstream = await FakeUpstream.StartAsync(200);
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { Forwarding = new() { MaxRequestBodyBytes = 100_000 } });
        gateway.SetEndpoints(upstream.Endpoint);
        var body = """{"model":"m"}""".PadRight(100_000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        upstream.Requests.Single().Body.Should().Be(body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_NoMemoryLeft_Is503UntilTheOthersAreDone(bool chunked)
    {
        var go = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(_ => go.Task);
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { Forwarding = new() { MaxRequestBodyBytes = 60_000, MaxBufferedBytes = 70_000 } });
        gateway.SetEndpoints(upstream.Endpoint);
        var body = """{"model":"m"}""".PadRight(50_000);
        var first = gateway.PostAsync(body);
        await gateway.ScrapeUntilAsync("octavo_gateway_inflight{model=\"m\"} 1");

        using (var refused = await SendAsync())
        {
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }

        go.SetResult();
        (await first).Dispose();
        // Counted last, when the memory is given back.
        await gateway.ScrapeUntilAsync("octavo_gateway_requests_total{code=\"200\",model=\"m\"} 1");
        using var answered = await SendAsync();
        answered.StatusCode.Should().Be(HttpStatusCode.OK);

        async Task<HttpResponseMessage> SendAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body) };
            request.Headers.TransferEncodingChunked = chunked;
            return await gateway.Http.SendAsync(request);
        }
    }

    [Fact]
    public async Task Post_BeforeTheDirectoryIsRead_Is503WithRetryAfter()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options: null);

        using var response = await gateway.PostAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions")]
    [InlineData("GET", "/")]
    [InlineData("DELETE", "/v1/files/a.b")]
    public async Task AnyOtherRequest_IsAnsweredWithTheEnvelope(string method, string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync()).Should().Contain("unknown_url");
    }

    [Fact]
    public async Task Post_UnknownModels_DoNotBecomeLabels()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);

        using var response = await gateway.PostAsync("""{"model":"invented"}""");

        await gateway.ScrapeUntilAsync("octavo_gateway_requests_total{code=\"404\"} 1");
        (await gateway.ScrapeAsync()).Should().NotContain("invented");
    }
}
