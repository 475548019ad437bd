using System.Net;
using System.Net.Http.Headers;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>
/// HTTP for sources: bodies as they are (no decoding), credentials for their own origin only, never from https to http, and nothing waited for without
/// end. Proxies by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, certificates by SSL_CERT_FILE and SSL_CERT_DIR.
/// </summary>
internal sealed class HttpTransport : IDisposable
{
    private const int MostRedirects = 10;
    private const int BufferBytes = 64 << 10;
    private readonly HttpMessageInvoker invoker;
    private readonly TimeProvider time;
    private readonly TimeSpan stallTimeout;

    public HttpTransport(TimeProvider time, TimeSpan stallTimeout)
    {
        this.time = time;
        this.stallTimeout = stallTimeout;
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(Math.Min(15, stallTimeout.TotalSeconds)),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        });
    }

    public StallGuard Guard(CancellationToken cancellationToken) => new(time, stallTimeout, cancellationToken);

    /// <summary>The answer once its headers are there, whatever its status; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(TransportRequest request, CancellationToken cancellationToken)
    {
        var uri = request.Uri;
        var authorization = request.Authorization;
        for (var hop = 0; ; hop++)
        {
            var response = await SendOnceAsync(request, uri, authorization, cancellationToken).ConfigureAwait(false);
            if (!request.FollowRedirects || !IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var next = location.IsAbsoluteUri ? location : new Uri(uri, location);
            if (hop == MostRedirects || next.Scheme is not ("https" or "http") || (uri.Scheme == "https" && next.Scheme == "http"))
            {
                var why = hop == MostRedirects ? $"more than {MostRedirects} times" : $"from {uri.Scheme} to {next.Scheme}, which is not followed";
                throw new FetchException(FetchExitCode.Network, $"{request.What} is redirected {why}.");
            }

            authorization = IsSameOrigin(uri, next) ? authorization : null;
            uri = next;
        }
    }

    /// <summary>A whole small body.</summary>
    public async Task<byte[]> ReadAsync(HttpResponseMessage response, string what, int mostBytes, CancellationToken cancellationToken)
    {
        using var guard = Guard(cancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var disposing = stream.ConfigureAwait(false);
        using var body = new MemoryStream();
        var buffer = new byte[BufferBytes];
        while (await guard.ReadAsync(what, stream, buffer).ConfigureAwait(false) is > 0 and var count)
        {
            if (body.Length + count > mostBytes)
            {
                throw new FetchException(FetchExitCode.InvalidModel, $"{what} is larger than {mostBytes} bytes.");
            }

            body.Write(buffer, 0, count);
        }

        if (response.Content.Headers.ContentLength is { } announced && announced != body.Length)
        {
            throw FetchException.Transient($"{what} was cut after {body.Length} of {announced} bytes");
        }

        return body.ToArray();
    }

    public void Dispose() => invoker.Dispose();

    public static bool IsSameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether credentials may go there: over https, or to this very machine.</summary>
    public static bool IsPrivate(Uri uri) => uri.Scheme == "https" || uri.IsLoopback;

    private async Task<HttpResponseMessage> SendOnceAsync(TransportRequest request, Uri uri, string? authorization, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(request.Method, uri);
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("octavo-fetch", "0.1"));
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        foreach (var (name, value) in request.Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        if (authorization is not null)
        {
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (request.Form is not null)
        {
            message.Content = new FormUrlEncodedContent(request.Form);
        }

        using var guard = Guard(cancellationToken);
        return await guard.RunAsync($"{request.What} ({SafeName.Of(uri.GetLeftPart(UriPartial.Authority))})", token => invoker.SendAsync(message, token)).ConfigureAwait(false);
    }

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
