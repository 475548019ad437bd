using System.Net;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>What an answer other than 2xx means where the source says nothing more exact.</summary>
internal static class StatusFailure
{
    /// <param name="response">The answer.</param>
    /// <param name="what">What was asked for.</param>
    /// <param name="time">Clock, for a Retry-After that is a date.</param>
    /// <param name="detail">What the source says beyond the status; null: nothing.</param>
    public static FetchException Of(HttpResponseMessage response, string what, TimeProvider time, string? detail = null)
    {
        var status = response.StatusCode;
        var said = detail is { Length: > 0 } ? $"{(int)status} {detail}" : $"{(int)status} {status}";
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.ProxyAuthenticationRequired => new FetchException(FetchExitCode.Unauthorized, $"{what}: the credentials are missing or refused ({said})."),
            HttpStatusCode.Forbidden => new FetchException(FetchExitCode.Unauthorized, $"{what}: access is denied ({said})."),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new FetchException(FetchExitCode.NotFound, $"{what} does not exist ({said})."),
            HttpStatusCode.TooManyRequests => new FetchException(FetchExitCode.RateLimited, $"{what}: the source asks for fewer requests ({said})")
            {
                IsTransient = true,
                RetryAfter = RetryAfter(response, time),
            },
            HttpStatusCode.RequestTimeout or (HttpStatusCode)425 or >= HttpStatusCode.InternalServerError => new FetchException(FetchExitCode.Network, $"{what}: the source answers {said}")
            {
                IsTransient = status is not HttpStatusCode.NotImplemented and not HttpStatusCode.HttpVersionNotSupported,
                RetryAfter = RetryAfter(response, time),
            },
            _ => new FetchException(FetchExitCode.Unexpected, $"{what}: the source answers {said}."),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date - time.GetUtcNow());
        return wait > TimeSpan.Zero ? wait : null;
    }
}
