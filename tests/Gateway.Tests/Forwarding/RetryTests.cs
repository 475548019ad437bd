using System.Net;
using Octavo.Gateway.Configuration;

namespace Octavo.Gateway.Tests.Forwarding;

public sealed class RetryTests
{
    [Fact]
    public async Task Post_OneEndpointRefusesConnections_OthersAnswerAndItIsEjected()
    {
        using var dead = FakeUpstream.Refusing(out var deadEndpoint);
        await using var upstream = await FakeUpstream.StartAsync(200);
        await using var gateway = await GatewayUnderTest.StartAsync(deadEndpoint, upstream.Endpoint);

        for (var i = 0; i < 4; i++)
        {
            using var response = await gateway.PostAsync();
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            await response.Content.ReadAsStringAsync();
        }

        upstream.Requests.Should().HaveCount(4);
        (await gateway.ScrapeAsync()).Should().Contain("octavo_gateway_retries_total{model=\"m\",reason=\"unreachable\"} 1\n", "after the first refusal it is not asked again")
            .And.Contain("octavo_gateway_ejections_total{model=\"m\"} 1\n");
    }

    [Fact]
    public async Task Post_OneEndpointIsFull_AnotherAnswers()
    {
        await using var full = await FakeUpstream.StartAsync(503, retryAfter: "7");
        await using var free = await FakeUpstream.StartAsync(200, "{\"ok\":1}");
        await using var gateway = await GatewayUnderTest.StartAsync(full.Endpoint, free.Endpoint);

        for (var i = 0; i < 2; i++)
        {
            using var response = await gateway.PostAsync();
            (await response.Content.ReadAsStringAsync()).Should().Be("{\"ok\":1}");
        }

        full.Requests.Should().NotBeEmpty();
        free.Requests.Should().HaveCount(2).And.OnlyContain(r => r.Body == """{"model":"m"}""");
    }

    [Fact]
    public async Task Post_AllRefuse_TheirAnswerPassesWithRetryAfter()
    {
        await using var first = await FakeUpstream.StartAsync(503, """{"error":{"message":"full"}}""", "7");
        await using var second = await FakeUpstream.StartAsync(503, """{"error":{"message":"full"}}""", "7");
        await using var gateway = await GatewayUnderTest.StartAsync(first.Endpoint, second.Endpoint);

        using var response = await gateway.PostAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(7));
        (await response.Content.ReadAsStringAsync()).Should().Be("""{"error":{"message":"full"}}""");
        first.Requests.Should().ContainSingle();
        second.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Post_MoreRefusingEndpointsThanAttempts_TriesAreBounded()
    {
        var upstreams = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FakeUpstream.StartAsync(503, "{}", "1")));
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { Forwarding = new() { MaxAttempts = 2 } });
        gateway.SetEndpoints([.. upstreams.Select(u => u.Endpoint)]);

        using var response = await gateway.PostAsync();

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        upstreams.Sum(u => u.Requests.Count).Should().Be(2);
        foreach (var upstream in upstreams)
        {
            await upstream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Post_ConnectionsLostBeforeTheFirstByte_StopAfterTwoReplicas()
    {
        var upstreams = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => FakeUpstream.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        })));
        await using var gateway = await GatewayUnderTest.StartAsync([.. upstreams.Select(u => u.Endpoint)]);

        using var response = await gateway.PostAsync();

        response.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        (await response.Content.ReadAsStringAsync()).Should().Contain("upstream_connection_lost");
        upstreams.Sum(u => u.Requests.Count).Should().Be(2);
        foreach (var upstream in upstreams)
        {
            await upstream.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task Post_AnyOtherError_PassesWithoutRetry(int statusCode)
    {
        await using var first = await FakeUpstream.StartAsync(statusCode, "{\"error\":{}}");
        await using var second = await FakeUpstream.StartAsync(statusCode, "{\"error\":{}}");
        await using var gateway = await GatewayUnderTest.StartAsync(first.Endpoint, second.Endpoint);

        using var response = await gateway.PostAsync();

        ((int)response.StatusCode).Should().Be(statusCode);
        (first.Requests.Count + second.Requests.Count).Should().Be(1);
    }

    [Fact]
    public async Task Post_LoadOnOneEndpoint_GoesToTheOther()
    {
        var hold = new TaskCompletionSource();
        await using var first = await FakeUpstream.StartAsync(_ => hold.Task);
        await using var second = await FakeUpstream.StartAsync(_ => hold.Task);
        await using var gateway = await GatewayUnderTest.StartAsync(first.Endpoint, second.Endpoint);

        var posts = Enumerable.Range(0, 6).Select(_ => gateway.PostAsync()).ToArray();
        await gateway.ScrapeUntilAsync("octavo_gateway_inflight{model=\"m\"} 6");
        hold.SetResult();
        foreach (var response in await Task.WhenAll(posts))
        {
            response.Dispose();
        }

        first.Requests.Should().HaveCount(3);
        second.Requests.Should().HaveCount(3);
    }
}
