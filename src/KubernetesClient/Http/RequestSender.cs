using System.Net;
using Microsoft.Extensions.Logging;
using Octavo.KubernetesClient.Authentication;

namespace Octavo.KubernetesClient.Http;

/// <summary>
/// One request and its answer: credential, deadline, one more try with a renewed credential after a 401, and bounded waiting where the server says Retry-After.
/// </summary>
internal sealed class RequestSender(
    KubernetesClientConfiguration configuration, HttpTransport http, CredentialProvider credentials, TimeProvider timeProvider, ILogger logger, RestClientMetrics? metrics = null)
{
    private readonly string root = configuration.Host.GetLeftPart(UriPartial.Path).TrimEnd('/');
    private readonly WarningLog warnings = new(logger);

    /// <summary>Sends and reads a success; anything else throws <see cref="KubernetesException"/>.</summary>
    public async Task<T> SendAsync<T>(ApiRequest request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var renewed = false;
        for (var attempt = 0; ; attempt++)
        {
            KubernetesException failure;
            var credential = await credentials.GetAsync(cancellationToken).ConfigureAwait(false);
            using (var deadline = new CancellationTokenSource(configuration.RequestTimeout, timeProvider))
            using (var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token))
            {
                try
                {
                    using var message = Message(request, credential);
                    var response = await ExchangeAsync(message, credential, linked.Token).ConfigureAwait(false);
                    var keep = false;
                    try
                    {
                        warnings.Log(request, response);
                        if (response.IsSuccessStatusCode)
                        {
                            var result = await read(response, linked.Token).ConfigureAwait(false);
                            keep = request.KeepsResponse;
                            return result;
                        }

                        failure = await ErrorAnswer.ReadAsync(request, response, timeProvider, linked.Token).ConfigureAwait(false);
                    }
                    finally
                    {
                        if (!keep)
                        {
                            response.Dispose();
                        }
                    }
                }
                catch (OperationCanceledException exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    throw new TimeoutException($"{request.Method} {request.PathAndQuery}: no answer within {configuration.RequestTimeout.TotalSeconds:0} s", exception);
                }
            }

            if (failure.StatusCode == HttpStatusCode.Unauthorized && !renewed && credentials.Invalidate(credential))
            {
                renewed = true;
                metrics?.Retried(request.Method, configuration.Host.Authority, (int)failure.StatusCode);
                continue;
            }

            if (!MayWait(request, failure, attempt))
            {
                throw failure;
            }

            RequestLog.Waiting(logger, request.Method, request.PathAndQuery, (int)failure.StatusCode, failure.RetryAfter!.Value.TotalSeconds);
            metrics?.Retried(request.Method, configuration.Host.Authority, (int)failure.StatusCode);
            await Task.Delay(failure.RetryAfter!.Value, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage message, Credential credential, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        int? status = null;
        try
        {
            var response = await http.For(credential).SendAsync(message, cancellationToken).ConfigureAwait(false);
            status = (int)response.StatusCode;
            return response;
        }
        finally
        {
            metrics?.Answered(message.Method, configuration.Host.Authority, status, timeProvider.GetElapsedTime(started));
        }
    }

    private bool MayWait(ApiRequest request, KubernetesException failure, int attempt) =>
        request.IsIdempotent
        && attempt < configuration.MaxRetries
        && (failure.StatusCode == HttpStatusCode.TooManyRequests || (int)failure.StatusCode >= 500)
        && failure.RetryAfter is { } wait
        && wait <= configuration.MaxRetryAfter;

    private HttpRequestMessage Message(ApiRequest request, Credential credential)
    {
        var message = new HttpRequestMessage(request.Method, root + request.PathAndQuery)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.TryAddWithoutValidation("Accept", request.Accept ?? "application/json, */*;q=0.5");
        message.Headers.TryAddWithoutValidation("User-Agent", configuration.UserAgent);
        if (credential.Authorization is { } authorization)
        {
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (configuration.ImpersonateUser is { } user)
        {
            message.Headers.TryAddWithoutValidation("Impersonate-User", user);
            if (configuration.ImpersonateGroup is { } group)
            {
                message.Headers.TryAddWithoutValidation("Impersonate-Group", group);
            }
        }

        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        }

        return message;
    }
}
