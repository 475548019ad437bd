using System.Text;
using Microsoft.AspNetCore.Http;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Forwarding;

public sealed class StreamingTests
{
    [Fact]
    public async Task Stream_EachEvent_ArrivesBeforeTheNextIsWritten()
    {
        var gates = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            await BeginAsync(context);
            await gates[0].Task;
            await SendAsync(context, "data: 1\n\n");
            await gates[1].Task;
            await SendAsync(context, "data: 2\n\ndata: [DONE]\n\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);

        using var response = await gateway.PostAsync();
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        await using var stream = await response.Content.ReadAsStreamAsync();
        gates[0].SetResult();
        (await ReadAsync(stream, 9)).Should().Be("data: 1\n\n");
        gates[1].SetResult();

        (await new StreamReader(stream).ReadToEndAsync()).Should().Be("data: 2\n\ndata: [DONE]\n\n");
    }

    [Fact]
    public async Task Stream_UpstreamDiesInsideAnEvent_ClientGetsWholeEventsThenTheErrorThenDone()
    {
        var die = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            await BeginAsync(context);
            await SendAsync(context, "data: {\"n\":1}\n\ndata: {\"n\":");
            await die.Task;
            context.Abort();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);

        using var response = await gateway.PostAsync();
        await using var stream = await response.Content.ReadAsStreamAsync();
        (await ReadAsync(stream, 15)).Should().Be("data: {\"n\":1}\n\n");
        die.SetResult();

        var events = (await new StreamReader(stream).ReadToEndAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events.Should().HaveCount(2);
        events[0].Should().StartWith("data: {\"error\":{").And.Contain("\"code\":\"upstream_connection_lost\"");
        events[1].Should().Be("data: [DONE]");
        upstream.Requests.Should().ContainSingle("nothing may be retried after the first byte");
        await gateway.ScrapeUntilAsync("octavo_gateway_stream_errors_total{model=\"m\",reason=\"upstream_lost\"} 1");
    }

    [Fact]
    public async Task Stream_UpstreamDiesAfterDone_IsComplete()
    {
        var die = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            await BeginAsync(context);
            await SendAsync(context, "data: 1\n\ndata: [DONE]\n\n");
            await die.Task;
            context.Abort();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);

        using var response = await gateway.PostAsync();
        await using var stream = await response.Content.ReadAsStreamAsync();
        (await ReadAsync(stream, 23)).Should().Be("data: 1\n\ndata: [DONE]\n\n");
        die.SetResult();

        (await new StreamReader(stream).ReadToEndAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Stream_EventLargerThanTheBuffer_PassesWhole()
    {
        var large = "data: " + new string('x', 100_000) + "\n\ndata: [DONE]\n\n";
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            await BeginAsync(context);
            await SendAsync(context, large[..50_000]);
            await SendAsync(context, large[50_000..]);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);

        using var response = await gateway.PostAsync();

        (await response.Content.ReadAsStringAsync()).Should().Be(large);
    }

    [Fact]
    public async Task Stream_SilentForTooLong_EndsWithATimeoutError()
    {
        var time = new FakeTimeProvider();
        var aborted = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await BeginAsync(context);
            await SendAsync(context, "data: 1\n\n");
            await aborted.Task;
        });
        await using var gateway = await GatewayUnderTest.StartAsync(time: time);
        gateway.SetEndpoints(upstream.Endpoint);
        using var response = await gateway.PostAsync();
        await using var stream = await response.Content.ReadAsStreamAsync();
        (await ReadAsync(stream, 9)).Should().Be("data: 1\n\n");

        var rest = new StreamReader(stream).ReadToEndAsync();
        while (!rest.IsCompleted)
        {
            // Again and again: the gateway may not have begun its next read, and so its timer, at the first.
            time.Advance(TimeSpan.FromMinutes(3));
            await Task.Yield();
        }

        (await rest).Should().Contain("\"code\":\"upstream_timeout\"").And.EndWith("data: [DONE]\n\n");
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Answer_NotStreamedAndBrokenOff_BreaksTheClientsConnection()
    {
        var die = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("{\"half\":");
            await context.Response.Body.FlushAsync();
            await die.Task;
            context.Abort();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);

        var act = async () =>
        {
            using var response = await gateway.PostAsync();
            die.SetResult();
            await response.Content.ReadAsStringAsync();
        };

        await act.Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task Client_LeavesMidStream_UpstreamIsAborted()
    {
        var aborted = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await BeginAsync(context);
            await SendAsync(context, "data: 1\n\n");
            await aborted.Task;
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);
        var response = await gateway.PostAsync();
        await using (var stream = await response.Content.ReadAsStreamAsync())
        {
            await ReadAsync(stream, 9);
        }

        response.Dispose();

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5));
        await gateway.ScrapeUntilAsync("octavo_gateway_requests_total{code=\"499\",model=\"m\"} 1");
        await gateway.ScrapeUntilAsync("octavo_gateway_inflight{model=\"m\"} 0");
    }

    [Fact]
    public async Task Client_LeavesBeforeTheAnswerBegins_UpstreamIsAborted()
    {
        var arrived = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            arrived.SetResult();
            await aborted.Task;
        });
        await using var gateway = await GatewayUnderTest.StartAsync(upstream.Endpoint);
        using var cancellation = new CancellationTokenSource();
        var post = gateway.PostAsync(cancellationToken: cancellation.Token);
        await arrived.Task;

        await cancellation.CancelAsync();

        await post.Invoking(p => p).Should().ThrowAsync<OperationCanceledException>();
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    private static async Task BeginAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync();
    }

    private static async Task SendAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }

    private static async Task<string> ReadAsync(Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        await stream.ReadExactlyAsync(buffer);
        return Encoding.UTF8.GetString(buffer);
    }
}
