using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>The envelope of every error.</summary>
internal sealed record ErrorResponse(ErrorBody Error);

/// <summary>OpenAI's error object: all four members are always written.</summary>
internal sealed record ErrorBody(string Message, string Type, string? Param, [property: JsonPropertyName("code")] string? Code);

/// <summary>An answer that is an error, with its status.</summary>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null, TimeSpan? retryAfter = null) : Exception(message)
{
    public int Status { get; } = status;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    public ErrorResponse Body { get; } = new(new ErrorBody(message, TypeOf(status), parameter, code ?? CodeOf(status)));

    /// <summary>The answer to a failure. What is not the client's to know is not told.</summary>
    public static ApiException From(Exception exception) => exception switch
    {
        ApiException known => known,
        InvalidRequestException invalid => new ApiException(400, invalid.Message, invalid.Parameter, invalid.Code),
        RequestRejectedException rejected => new ApiException(503, rejected.Message + "; try again later", code: rejected.Reason switch
        {
            RejectionReason.Draining => "shutting_down",
            _ => "queue_full",
        }, retryAfter: rejected.RetryAfter),
        DeadlineExceededException => new ApiException(504, "the request took longer than it may", code: "deadline_exceeded"),
        EngineDeadException => new ApiException(500, "the engine has failed", code: "engine_failed"),
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.StatusCode switch
        {
            408 => "the request body came too slowly",
            413 => "the request body is too large",
            _ => "the request is malformed",
        }),
        _ => new ApiException(500, "internal error"),
    };

    /// <summary>For statuses that routing sets without a body.</summary>
    public static ApiException FromStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => new ApiException(404, $"there is no {context.Request.Path.Value}", code: "not_found"),
        405 => new ApiException(405, $"{context.Request.Path.Value} does not allow {context.Request.Method}", code: "method_not_allowed"),
        413 => new ApiException(413, "the request body is too large"),
        var status => new ApiException(status, $"the request failed with status {status}"),
    };

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        408 or 504 => "timeout_error",
        429 => "rate_limit_error",
        501 => "not_implemented_error",
        503 => "service_unavailable_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private static string? CodeOf(int status) => status switch
    {
        408 => "request_timeout",
        413 => "request_too_large",
        415 => "unsupported_media_type",
        500 => "internal_error",
        503 => "unavailable",
        _ => null,
    };
}
