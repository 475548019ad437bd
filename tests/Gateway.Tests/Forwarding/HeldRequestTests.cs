using System.Net;
using Octavo.Gateway.Configuration;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Forwarding;

public sealed class HeldRequestTests
{
    [Fact]
    public async Task Post_NoEndpoint_IsHeldAndAnsweredWhenOneIsReady()
    {
        await using var upstream = await FakeUpstream.StartAsync(200, "{\"ok\":1}");
        await using var gateway = await GatewayUnderTest.StartAsync([]);
        var post = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        gateway.SetEndpoints(upstream.Endpoint);

        using var response = await post;
        (await response.Content.ReadAsStringAsync()).Should().Be("{\"ok\":1}");
        (await gateway.ScrapeAsync()).Should().Contain("octavo_gateway_held_requests{model=\"m\"} 0\n");
    }

    [Fact]
    public async Task Post_NoEndpointInTime_Is503WithRetryAfterAndTheEnvelope()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { HeldRequestTimeout = TimeSpan.FromSeconds(30) }, time);
        gateway.SetEndpoints();
        var post = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        while (!post.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        using var response = await post;
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero);
        (await response.Content.ReadAsStringAsync()).Should().Contain("model_not_ready");
    }

    [Fact]
    public async Task Post_MoreThanTheRoomHolds_Is503AtOnce()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { WaitingRoom = new() { MaxRequestsPerModel = 1 } });
        gateway.SetEndpoints();
        var first = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        using var second = await gateway.PostAsync();

        second.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        second.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(10));
        first.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Post_OnlyEndpointRefusesConnections_WaitsUntilItIsBack()
    {
        using var dead = FakeUpstream.Refusing(out var deadEndpoint);
        await using var upstream = await FakeUpstream.StartAsync(200);
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { Forwarding = new() { UnreachablePause = TimeSpan.Zero }, WaitingRoom = new() { ReleaseInterval = TimeSpan.FromMilliseconds(2) } });
        gateway.SetEndpoints(deadEndpoint);
        var post = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_ejections_total{model=\"m\"} 1");

        gateway.SetEndpoints(upstream.Endpoint);

        using var response = await post;
        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Post_HeldRequestOfAClientThatLeaves_GivesItsPlaceBack()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);
        using var cancellation = new CancellationTokenSource();
        var post = gateway.PostAsync(cancellationToken: cancellation.Token);
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        await cancellation.CancelAsync();

        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 0");
        await post.Invoking(p => p).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Stop_HeldRequests_AreSentAwayAndDoNotHoldUpTheShutdown()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);
        var post = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        await gateway.StopAsync();

        using var response = await post;
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Stop_RequestInFlight_IsAnswered()
    {
        var arrived = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            arrived.SetResult();
            await go.Task;
            context.Response.StatusCode = 200;
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);
        var post = gateway.PostAsync();
        await arrived.Task;

        var stop = gateway.StopAsync();
        go.SetResult();

        using var response = await post;
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        await stop;
    }

    [Fact]
    public async Task Post_ModelIsRemovedWhileHeld_Is404()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);
        var post = gateway.PostAsync();
        await gateway.ScrapeUntilAsync("octavo_gateway_held_requests{model=\"m\"} 1");

        gateway.Directory.Replace(Gateway.Routing.ModelDirectory.Empty);

        using var response = await post.WaitAsync(TimeSpan.FromSeconds(5));
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }
}
