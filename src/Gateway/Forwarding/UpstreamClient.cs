using System.Net;
using Octavo.Gateway.Configuration;

namespace Octavo.Gateway.Forwarding;

/// <summary>The HTTP client towards endpoints: nothing follows, unpacks, caches or adds anything.</summary>
internal sealed class UpstreamClient(ForwardingOptions options) : IDisposable
{
    private readonly HttpMessageInvoker invoker = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        // The client's traceparent passes as it is.
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        // Shorter than the 5 s after which common Python servers close a silent connection: else a request meets the closing.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),
        // An answer that nobody reads any more must end at the endpoint, not be read to its end.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    }, disposeHandler: true);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken) => invoker.SendAsync(message, cancellationToken);

    public void Dispose() => invoker.Dispose();
}
