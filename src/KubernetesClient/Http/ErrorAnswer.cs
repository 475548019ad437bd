using System.Text;
using System.Text.Json;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient.Http;

/// <summary>Turns an answer that is no success into an exception. Most are a Status; unknown paths and proxies answer plain text.</summary>
internal static class ErrorAnswer
{
    private const int MaxBody = 256 * 1024;
    private const int MaxText = 512;

    public static async Task<KubernetesException> ReadAsync(ApiRequest request, HttpResponseMessage response, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var body = await ReadBodyAsync(response, cancellationToken).ConfigureAwait(false);
        var status = ParseStatus(body);
        var what = status?.Message is { Length: > 0 } message ? message : Describe(response, body);
        return new KubernetesException(response.StatusCode, status, $"{request.Method} {request.PathAndQuery.Split('?')[0]}: {what}")
        {
            RetryAfter = RetryAfter(response, timeProvider) ?? (status?.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null),
        };
    }

    /// <summary>An error that came inside a stream that had begun well.</summary>
    public static KubernetesException FromStatus(V1Status status, string path) =>
        new((System.Net.HttpStatusCode)(status.Code ?? 500), status, $"WATCH {path}: {status.Message ?? status.Reason ?? "error without a message"}");

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var buffer = new byte[MaxBody];
            var length = await stream.ReadAtLeastAsync(buffer, MaxBody, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return buffer[..length];
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            // The status code alone still tells what happened.
            return [];
        }
    }

    private static V1Status? ParseStatus(byte[] body)
    {
        try
        {
            var status = JsonSerializer.Deserialize<V1Status>(body, KubernetesJson.Options);
            return status?.Kind == "Status" ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Describe(HttpResponseMessage response, byte[] body)
    {
        var text = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, MaxText)).Trim();
        return text.Length > 0 ? $"{(int)response.StatusCode}: {text}" : $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider timeProvider)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - timeProvider.GetUtcNow() : null);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
