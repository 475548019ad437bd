using System.Text.Json;

namespace Octavo.Gateway.OpenAI;

/// <summary>OpenAI's error envelope: what clients of any OpenAI library understand.</summary>
internal sealed record OpenAIError(int StatusCode, string Message, string Type, string? Code = null, string? Param = null)
{
    /// <summary>Seconds of the Retry-After header.</summary>
    public int? RetryAfterSeconds { get; init; }

    private const int MaxEchoedName = 200;

    public static OpenAIError BadRequest(string message, string? param = null, string? code = null) => new(StatusCodes.Status400BadRequest, message, "invalid_request_error", code, param);

    public static OpenAIError ModelNotFound(string name) =>
        new(StatusCodes.Status404NotFound, $"The model `{(name.Length > MaxEchoedName ? name[..MaxEchoedName] + "…" : name)}` does not exist.", "invalid_request_error", "model_not_found", "model");

    public static OpenAIError TooLarge(long limitBytes) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The request body is larger than {limitBytes} bytes.", "invalid_request_error", "request_too_large");

    public static OpenAIError Unauthorized() => new(StatusCodes.Status401Unauthorized, "The API key is missing or wrong.", "invalid_request_error", "invalid_api_key");

    public static OpenAIError UnknownPath(string method, string path) => new(StatusCodes.Status404NotFound, $"Unknown request: {method} {path}.", "invalid_request_error", "unknown_url");

    public static OpenAIError Unavailable(string message, string code, int retryAfterSeconds) =>
        new(StatusCodes.Status503ServiceUnavailable, message, "service_unavailable_error", code) { RetryAfterSeconds = retryAfterSeconds };

    public static OpenAIError OutOfBuffers() => Unavailable("The gateway holds as many requests as it has memory for.", "overloaded", 1);

    /// <summary>Before the first directory: what exists is not known, so neither "no such model" nor an empty list would be true.</summary>
    public static OpenAIError Starting() => Unavailable("The gateway has not read the cluster's models yet.", "starting", 1);

    public static OpenAIError UpstreamLost() =>
        new(StatusCodes.Status502BadGateway, "The connection to the model's replica was lost.", "server_error", "upstream_connection_lost");

    public static OpenAIError UpstreamTimeout() =>
        new(StatusCodes.Status504GatewayTimeout, "The model's replica did not answer in time.", "server_error", "upstream_timeout");

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new { error = new { message = Message, type = Type, param = Param, code = Code } });

    public async Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        var body = ToJson();
        response.StatusCode = StatusCode;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(body, cancellationToken);
    }
}
