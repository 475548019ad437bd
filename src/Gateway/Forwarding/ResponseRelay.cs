using Microsoft.AspNetCore.Http.Features;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.OpenAI;

namespace Octavo.Gateway.Forwarding;

/// <summary>
/// Copies a response that has begun. Each read is flushed at once. Of an event stream only whole events pass, so that when the endpoint dies the
/// client gets its last event whole, then one with the error, then <c>[DONE]</c>; any other answer that breaks off breaks the client's connection,
/// since it must not look complete.
/// </summary>
internal sealed partial class ResponseRelay(ForwardingOptions options, GatewayMetrics metrics, ILogger<ResponseRelay> logger)
{
    private const int FirstBuffer = 16 * 1024;

    // An event larger than this passes in pieces.
    private const int MaxHeldEvent = 1 << 20;

    /// <param name="context">The client's request.</param>
    /// <param name="upstream">The endpoint's response, headers read.</param>
    /// <param name="model">For metrics.</param>
    /// <param name="idle">Its timer is set before each read; when it fires, <paramref name="cancellationToken"/> is cancelled.</param>
    /// <param name="cancellationToken">The client's departure or the idle timer.</param>
    public async Task RelayAsync(HttpContext context, HttpResponseMessage upstream, string model, CancellationTokenSource idle, CancellationToken cancellationToken)
    {
        var isEventStream = ServerSentEvents.IsEventStream(upstream) && upstream.Content.Headers.ContentEncoding.Count == 0;
        context.Response.StatusCode = (int)upstream.StatusCode;
        ForwardedHeaders.CopyResponse(upstream, context.Response, keepLength: !isEventStream);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        var done = false;
        try
        {
            idle.CancelAfter(options.IdleStreamTimeout);
            await using var source = await upstream.Content.ReadAsStreamAsync(cancellationToken);
            // Headers go out before the first event, which may be long in coming.
            await context.Response.Body.FlushAsync(cancellationToken);
            var buffer = new byte[FirstBuffer];
            var held = 0;
            while (true)
            {
                idle.CancelAfter(options.IdleStreamTimeout);
                var read = await source.ReadAsync(buffer.AsMemory(held), cancellationToken);
                // Writing is the client's time; Kestrel's minimum data rate bounds it.
                idle.CancelAfter(Timeout.InfiniteTimeSpan);
                var filled = held + read;
                var whole = !isEventStream || read == 0 ? filled : ServerSentEvents.WholeEvents(buffer.AsSpan(0, filled));
                if (whole == 0 && filled == buffer.Length)
                {
                    if (buffer.Length < MaxHeldEvent)
                    {
                        Array.Resize(ref buffer, buffer.Length * 2);
                    }
                    else
                    {
                        whole = filled;
                    }
                }

                if (whole > 0)
                {
                    done = done || (isEventStream && ServerSentEvents.ContainDone(buffer.AsSpan(0, whole)));
                    await context.Response.Body.WriteAsync(buffer.AsMemory(0, whole), cancellationToken);
                    await context.Response.Body.FlushAsync(cancellationToken);
                    buffer.AsSpan(whole, filled - whole).CopyTo(buffer);
                }

                held = filled - whole;
                if (read == 0)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            await EndBrokenAsync(context, model, isEventStream, done, idle.IsCancellationRequested, e);
        }
    }

    private async Task EndBrokenAsync(HttpContext context, string model, bool isEventStream, bool done, bool wasIdle, Exception cause)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            metrics.StreamBroke(model, "client_gone");
            return;
        }

        if (done)
        {
            // The answer was complete; only the end of the connection was not in order.
            return;
        }

        metrics.StreamBroke(model, wasIdle ? "idle_timeout" : "upstream_lost");
        LogBroke(model, wasIdle, cause);
        if (!isEventStream)
        {
            context.Abort();
            return;
        }

        var error = wasIdle ? OpenAIError.UpstreamTimeout() : OpenAIError.UpstreamLost();
        byte[] end = [.. "data: "u8, .. error.ToJson(), .. "\n\n"u8, .. ServerSentEvents.Done];
        // The token that the idle timer cancelled cannot be used; the client's can.
        await context.Response.Body.WriteAsync(end, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "An answer of {Model} broke off (idle: {WasIdle})")]
    private partial void LogBroke(string model, bool wasIdle, Exception cause);
}
