using System.Diagnostics;
using System.Globalization;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Gives every request an id, and every failure OpenAI's envelope.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, TenantSalt salts, ILogger<ErrorMiddleware> logger)
{
    private const string RequestIdHeader = "X-Request-Id";

    public async Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[RequestIdHeader].ToString();
        context.TraceIdentifier = IsUsable(given) ? given : Guid.NewGuid().ToString("N");
        context.Response.Headers[RequestIdHeader] = context.TraceIdentifier;
        var scope = new RequestScope(salts) { ClientRequestId = context.TraceIdentifier };
        if (ActivityContext.TryParse(context.Request.Headers.TraceParent.ToString(), context.Request.Headers.TraceState.ToString(), isRemote: true, out var parent))
        {
            scope.TraceParent = parent;
        }

        context.Features.Set(scope);
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await WriteAsync(context, ApiException.FromStatus(context));
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: there is nobody to answer.
            LogDisconnected(context.TraceIdentifier);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var answer = ApiException.From(e);
            if (answer.Status >= 500 && e is not ApiException { Status: 503 } and not Engine.Core.RequestRejectedException)
            {
                LogFailed(e, context.TraceIdentifier);
            }

            await WriteAsync(context, answer);
        }
    }

    public static async Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        await context.Response.WriteJsonAsync(error.Body, OpenAIJson.Context.ErrorResponse);
    }

    private static bool IsUsable(string id) => id.Length is > 0 and <= 128 && id.All(c => c is > ' ' and <= '~');

    [LoggerMessage(Level = LogLevel.Information, Message = "Request {RequestId}: the client has gone")]
    private partial void LogDisconnected(string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} failed")]
    private partial void LogFailed(Exception exception, string requestId);
}
