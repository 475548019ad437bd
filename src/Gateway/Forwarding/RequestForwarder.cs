using System.Net;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Forwarding;

/// <summary>One attempt at one endpoint: send, tell how it failed, or relay the answer.</summary>
internal sealed class RequestForwarder(UpstreamClient client, ResponseRelay relay, ForwardingOptions options, GatewayMetrics metrics, TimeProvider time)
{
    /// <param name="context">The client's request; its body has been read.</param>
    /// <param name="body">The body.</param>
    /// <param name="requestId">For the X-Request-Id header.</param>
    /// <param name="route">For metrics.</param>
    /// <param name="endpoint">Where to send.</param>
    /// <exception cref="OperationCanceledException">The client has left before response headers came.</exception>
    public async Task<AttemptResult> ForwardAsync(HttpContext context, ReadOnlyMemory<byte> body, string requestId, ModelRoute route, BackendEndpoint endpoint)
    {
        using var timer = new CancellationTokenSource(options.ResponseTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, timer.Token);
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{endpoint.Authority}{context.Request.Path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}"))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body),
        };
        ForwardedHeaders.CopyRequest(context, message, requestId);

        HttpResponseMessage response;
        var sent = time.GetTimestamp();
        try
        {
            response = await client.SendAsync(message, linked.Token);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            return new AttemptResult.Unreachable(e);
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException && !linked.IsCancellationRequested)
        {
            // SocketsHttpHandler's way to say that ConnectTimeout has passed.
            return new AttemptResult.Unreachable(e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new AttemptResult.Lost(e);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return new AttemptResult.TimedOut();
        }

        using (response)
        {
            metrics.HeadersArrived(route.Model, time.GetElapsedTime(sent));
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                timer.CancelAfter(options.ConnectTimeout);
                return new AttemptResult.Refused(await UpstreamRefusal.ReadAsync(response, linked.Token));
            }

            await relay.RelayAsync(context, response, route.Model, timer, linked.Token);
            return new AttemptResult.Answered();
        }
    }
}
