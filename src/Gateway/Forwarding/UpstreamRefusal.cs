using System.Net.Http.Headers;

namespace Octavo.Gateway.Forwarding;

/// <summary>A 503 that an endpoint gave, kept to be passed on if all others refuse too.</summary>
internal sealed record UpstreamRefusal(byte[] Body, MediaTypeHeaderValue? ContentType, string? RetryAfter)
{
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>Reads the refusal; a body that breaks off or does not come is left out, since the status says what matters.</summary>
    public static async Task<UpstreamRefusal> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBodyBytes];
        var filled = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            filled = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // Half a body would not parse. If it was the client who left, the next step notices.
            filled = 0;
        }

        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null;
        return new UpstreamRefusal(buffer[..filled], response.Content.Headers.ContentType, retryAfter);
    }

    public async Task WriteAsync(HttpResponse response, int fallbackRetryAfterSeconds, CancellationToken cancellationToken)
    {
        if (Body.Length == 0)
        {
            await OpenAI.OpenAIError.Unavailable("All replicas of the model are busy.", "overloaded", fallbackRetryAfterSeconds).WriteAsync(response, cancellationToken);
            return;
        }

        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.ContentType = ContentType?.ToString();
        response.ContentLength = Body.Length;
        response.Headers.RetryAfter = RetryAfter ?? fallbackRetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await response.Body.WriteAsync(Body, cancellationToken);
    }
}
