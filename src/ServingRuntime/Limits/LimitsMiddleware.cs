using System.Globalization;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Limits;

/// <summary>What one request, and one tenant, may take of the server: requests at once, and time; and what the request's headers ask for beside its body.</summary>
internal sealed class LimitsMiddleware(RequestDelegate next, ServingOptions options, TimeProvider timeProvider)
{
    internal const string TimeoutHeader = "X-Request-Timeout";
    internal const string MetricsHeader = "X-Request-Metrics";

    private readonly TenantConcurrency concurrency = new(options.MaxConcurrentRequestsPerKey);

    public async Task InvokeAsync(HttpContext context)
    {
        var scope = RequestScope.Of(context);
        scope.ReportsMetrics = options.PerRequestMetrics || string.Equals(context.Request.Headers[MetricsHeader].ToString(), "true", StringComparison.OrdinalIgnoreCase);
        if (Timeout(context) is { } timeout)
        {
            scope.Deadline = timeProvider.GetTimestamp() + (long)(timeout.TotalSeconds * timeProvider.TimestampFrequency);
        }

        if (scope.Tenant is not { } tenant)
        {
            await next(context);
            return;
        }

        if (!concurrency.TryEnter(tenant))
        {
            throw new ApiException(
                StatusCodes.Status429TooManyRequests, $"this API key has {options.MaxConcurrentRequestsPerKey} requests in progress already; try again when one has ended",
                code: "rate_limit_exceeded", retryAfter: TimeSpan.FromSeconds(1));
        }

        try
        {
            await next(context);
        }
        finally
        {
            concurrency.Leave(tenant);
        }
    }

    /// <summary>The server's limit, or less where the client asks for less.</summary>
    private TimeSpan? Timeout(HttpContext context)
    {
        var given = context.Request.Headers[TimeoutHeader].ToString();
        if (given.Length == 0)
        {
            return options.RequestTimeout;
        }

        if (!double.TryParse(given, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (> 0 and <= 1e6))
        {
            throw new ApiException(400, $"the header {TimeoutHeader} must be a number of seconds above 0", code: "invalid_value");
        }

        var asked = TimeSpan.FromSeconds(seconds);
        return options.RequestTimeout is { } most && most < asked ? most : asked;
    }
}
