using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Octavo.Gateway.Forwarding;

/// <summary>Which headers pass the gateway. Hop-by-hop headers (RFC 9110, 7.6.1) belong to one connection and never do.</summary>
internal static class ForwardedHeaders
{
    public const string RequestId = "X-Request-Id";

    private const int MaxRequestIdLength = 128;

    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyAuthenticate, HeaderNames.ProxyAuthorization, HeaderNames.ProxyConnection,
        HeaderNames.TE, HeaderNames.Trailer, HeaderNames.TransferEncoding, HeaderNames.Upgrade, HeaderNames.AltSvc,
    };

    // Content-Length is the content's own; Expect was answered when the body was read; Host is the endpoint's; the last is set below.
    private static readonly HashSet<string> NotForwarded = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.ContentLength, HeaderNames.Expect, HeaderNames.Host, RequestId, "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    };

    public static void CopyRequest(HttpContext context, HttpRequestMessage message, string requestId)
    {
        var source = context.Request.Headers;
        // Kestrel shows a plain "keep-alive" or "close" where the client also named others, so those names are not known here.
        var connection = ConnectionOptions(source.Connection);
        foreach (var (name, values) in source)
        {
            if (HopByHop.Contains(name) || NotForwarded.Contains(name) || connection.Contains(name) || name.StartsWith(':'))
            {
                continue;
            }

            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        message.Headers.TryAddWithoutValidation(RequestId, requestId);
        var client = context.Connection.RemoteIpAddress?.ToString();
        var forwardedFor = source["X-Forwarded-For"];
        message.Headers.TryAddWithoutValidation("X-Forwarded-For", StringValues.IsNullOrEmpty(forwardedFor) ? client : $"{forwardedFor}, {client}");
        message.Headers.TryAddWithoutValidation("X-Forwarded-Host", context.Request.Host.Value);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
    }

    /// <param name="source">The endpoint's response.</param>
    /// <param name="target">The client's.</param>
    /// <param name="keepLength">False where the gateway may write more than the endpoint promised: an error event at the end of a stream.</param>
    public static void CopyResponse(HttpResponseMessage source, HttpResponse target, bool keepLength)
    {
        var connection = ConnectionOptions(source.Headers.Connection.ToArray());
        Copy(source.Headers);
        Copy(source.Content.Headers);

        void Copy(HttpHeaders headers)
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                if (HopByHop.Contains(name) || connection.Contains(name) || name.Equals(RequestId, StringComparison.OrdinalIgnoreCase)
                    || name.Equals(HeaderNames.Server, StringComparison.OrdinalIgnoreCase)
                    || (!keepLength && name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)))
                {
                    continue;
                }

                target.Headers.Append(name, new StringValues([.. values]));
            }
        }
    }

    /// <summary>The client's id if it is harmless in headers and logs, else a new one.</summary>
    public static string RequestIdOf(HttpRequest request)
    {
        var given = request.Headers[RequestId].ToString();
        return given.Length is > 0 and <= MaxRequestIdLength && given.All(c => c is > ' ' and < '\u007f') ? given : Guid.NewGuid().ToString("N");
    }

    private static HashSet<string> ConnectionOptions(StringValues connection) =>
        new(connection.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)), StringComparer.OrdinalIgnoreCase);
}
