using Octavo.Gateway.Configuration;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.OpenAI;
using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;
using Octavo.Gateway.Waiting;

namespace Octavo.Gateway.Forwarding;

/// <summary>
/// The way of one request:
/// <code>
/// (0) read the body, bounded          413, 503
/// (1) find the model in it            400, 404
/// (2) pick an endpoint                none left → (4)
/// (3) forward                         answered → end; unreachable, refused or lost before the first byte → (2) without that endpoint
/// (4) all refused → their 503; lost → 502; none there or none reachable → wait in the room, then (2); waited in vain → 503
/// </code>
/// </summary>
internal sealed partial class InferenceProxy(
    ModelDirectoryStore directory,
    BodyBudget budget,
    EndpointTracker tracker,
    WaitingRoom room,
    ColdStartEstimator estimator,
    RequestForwarder forwarder,
    GatewayMetrics metrics,
    GatewayOptions options,
    TimeProvider time,
    ILogger<InferenceProxy> logger)
{
    private const int ClientClosedRequest = 499;

    // A request that kills the replica which reads it must not go through them all.
    private const int MaxLosses = 2;

    public async Task HandleAsync(HttpContext context)
    {
        var arrived = time.GetTimestamp();
        string? model = null;
        var requestId = ForwardedHeaders.RequestIdOf(context.Request);
        context.Response.Headers[ForwardedHeaders.RequestId] = requestId;
        try
        {
            // (0)
            using var reservation = budget.Begin();
            var (body, error) = await RequestBody.ReadAsync(context.Request, options.Forwarding.MaxRequestBodyBytes, reservation, context.RequestAborted);
            string? name = null;
            if (error is null)
            {
                // (1)
                (name, error) = ModelNameReader.Read(body.Span);
            }

            if (error is not null)
            {
                await WriteAsync(context, error);
                return;
            }

            if (!directory.Synced)
            {
                await WriteAsync(context, OpenAIError.Starting());
                return;
            }

            if (directory.Current.Find(name!) is not { } route)
            {
                await WriteAsync(context, OpenAIError.ModelNotFound(name!));
                return;
            }

            model = route.Model;
            await ServeAsync(context, body, requestId, route);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            LogClientLeft(requestId);
        }
        catch (BadHttpRequestException e)
        {
            // Kestrel's own refusal of a body: too slow, broken framing.
            await WriteAsync(context, new OpenAIError(e.StatusCode, e.Message, "invalid_request_error"));
        }
        catch (IOException)
        {
            // The connection broke while the body was read; endpoints' failures never come this far.
            LogClientLeft(requestId);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogFailed(requestId, e);
            await WriteAsync(context, new OpenAIError(StatusCodes.Status500InternalServerError, "The gateway failed.", "server_error", "internal_error"));
        }
        finally
        {
            metrics.Completed(model, context.RequestAborted.IsCancellationRequested ? ClientClosedRequest : context.Response.StatusCode, time.GetElapsedTime(arrived));
        }
    }

    private async Task ServeAsync(HttpContext context, ReadOnlyMemory<byte> body, string requestId, ModelRoute found)
    {
        var route = found;
        var arrived = time.GetTimestamp();
        var tried = new HashSet<BackendEndpoint>();
        UpstreamRefusal? refusal = null;
        var losses = 0;
        var failure = "";
        while (true)
        {
            // (2)
            using var lease = tried.Count < options.Forwarding.MaxAttempts && losses < MaxLosses ? tracker.Acquire(route.Endpoints, tried) : null;
            if (lease is not null)
            {
                metrics.Picked(route.Model, lease.Reason);
                LogPicked(requestId, route.Model, lease.Endpoint, lease.Reason);
                if (tried.Count > 0)
                {
                    metrics.Retried(route.Model, failure);
                    LogRetry(requestId, lease.Endpoint, tried.Count, failure);
                }

                // (3)
                tried.Add(lease.Endpoint);
                switch (await AttemptAsync(context, body, requestId, route, lease))
                {
                    case AttemptResult.Answered:
                        return;
                    case AttemptResult.TimedOut:
                        await WriteAsync(context, OpenAIError.UpstreamTimeout());
                        return;
                    case AttemptResult.Refused refused:
                        refusal = refused.Refusal;
                        failure = "refused";
                        break;
                    case AttemptResult.Lost:
                        losses++;
                        failure = "lost";
                        break;
                    case AttemptResult.Unreachable:
                        failure = "unreachable";
                        break;
                }

                continue;
            }

            // (4)
            if (refusal is not null)
            {
                await refusal.WriteAsync(context.Response, 1, context.RequestAborted);
                return;
            }

            if (losses > 0)
            {
                await WriteAsync(context, OpenAIError.UpstreamLost());
                return;
            }

            var pause = tried.Count > 0 ? options.Forwarding.UnreachablePause : TimeSpan.Zero;
            if (!await WaitAsync(context, route, body.Length, arrived, pause))
            {
                return;
            }

            tried.Clear();
            if (directory.Current.FindByKey(route.Key) is not { } current)
            {
                await WriteAsync(context, OpenAIError.ModelNotFound(route.Model));
                return;
            }

            route = current;
        }
    }

    private async Task<AttemptResult> AttemptAsync(HttpContext context, ReadOnlyMemory<byte> body, string requestId, ModelRoute route, EndpointTracker.Lease lease)
    {
        metrics.InFlight(route.Model, 1);
        try
        {
            var result = await forwarder.ForwardAsync(context, body, requestId, route, lease.Endpoint);
            if (result is AttemptResult.Unreachable unreachable)
            {
                if (tracker.ReportUnreachable(lease.Endpoint))
                {
                    metrics.Ejected(route.Model);
                    LogEjected(lease.Endpoint, unreachable.Cause.Message);
                }
            }
            else
            {
                tracker.ReportReachable(lease.Endpoint);
            }

            if (result is AttemptResult.Lost lost)
            {
                LogLost(requestId, lease.Endpoint, lost.Cause.Message);
            }

            return result;
        }
        finally
        {
            metrics.InFlight(route.Model, -1);
        }
    }

    /// <summary>False where the wait was in vain and the client has its answer.</summary>
    private async Task<bool> WaitAsync(HttpContext context, ModelRoute route, int bytes, long arrived, TimeSpan pause)
    {
        if (route.Endpoints.Count == 0)
        {
            estimator.OnMissing(route.Key);
        }

        var outcome = await room.WaitAsync(route, bytes, options.HeldRequestTimeout - time.GetElapsedTime(arrived), pause, context.RequestAborted);
        if (outcome == WaitOutcome.Released)
        {
            return true;
        }

        metrics.HoldRejected(route.Model, outcome switch
        {
            WaitOutcome.Full => "full",
            WaitOutcome.Closing => "closing",
            _ => "timeout",
        });
        var message = outcome switch
        {
            WaitOutcome.Full => $"The model `{route.Model}` is starting and too many requests wait for it already.",
            WaitOutcome.Closing => "The gateway is shutting down.",
            _ => $"The model `{route.Model}` has no ready replica yet.",
        };
        await WriteAsync(context, OpenAIError.Unavailable(message, "model_not_ready", outcome == WaitOutcome.Closing ? 1 : estimator.RetryAfterSeconds(route.Key)));
        return false;
    }

    private static Task WriteAsync(HttpContext context, OpenAIError error) => error.WriteAsync(context.Response, context.RequestAborted);

    [LoggerMessage(EventId = 10, Level = LogLevel.Debug, Message = "Request {RequestId} for {Model} goes to {Endpoint}: {Reason}")]
    private partial void LogPicked(string requestId, string model, BackendEndpoint endpoint, PickReason reason);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "Request {RequestId} is tried again at {Endpoint} after {Failed} failed attempts, the last one {Reason}")]
    private partial void LogRetry(string requestId, BackendEndpoint endpoint, int failed, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "Endpoint {Endpoint} cannot be reached and is set aside: {Cause}")]
    private partial void LogEjected(BackendEndpoint endpoint, string cause);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "Request {RequestId} lost its connection to {Endpoint} before the response began: {Cause}")]
    private partial void LogLost(string requestId, BackendEndpoint endpoint, string cause);

    [LoggerMessage(EventId = 15, Level = LogLevel.Error, Message = "Request {RequestId} failed in the gateway")]
    private partial void LogFailed(string requestId, Exception exception);

    [LoggerMessage(EventId = 14, Level = LogLevel.Debug, Message = "Request {RequestId}: the client left")]
    private partial void LogClientLeft(string requestId);
}
