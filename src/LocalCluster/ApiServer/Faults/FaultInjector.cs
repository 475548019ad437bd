using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>Lets the plan's faults befall requests.</summary>
internal sealed class FaultInjector(FaultPlan plan, TimeProvider time)
{
    /// <summary>Answers, or lets the handler answer.</summary>
    /// <exception cref="ApiException">The fault is an answer of its own.</exception>
    public async Task HandleAsync(ResourceRequest request, string verb, Func<Task> handle)
    {
        var info = request.Info;
        var target = new FaultTarget(verb, request.Resource.QualifiedPlural, info.Namespace, info.Name, request.Http.Request.Headers.UserAgent.ToString());
        if (plan.Next(target) is not { } fault)
        {
            await handle();
            return;
        }

        switch (fault.Kind)
        {
            case FaultKind.Slow:
                await Task.Delay(fault.Delay, time, request.Aborted);
                await handle();
                return;
            case FaultKind.TooManyRequests:
                throw new ApiException(429, "the server has received too many requests and has asked us to try again later", "TooManyRequests",
                    fault.RetryAfterSeconds is { } seconds ? new System.Text.Json.Nodes.JsonObject { ["retryAfterSeconds"] = seconds } : null)
                { RetryAfterSeconds = fault.RetryAfterSeconds };
            case FaultKind.ServerError:
                throw ApiErrors.Internal("injected by the fault plan");
            case FaultKind.Conflict:
                throw ApiErrors.Modified(request.Resource, request.Name);
            case FaultKind.LostAnswer:
                await LoseAnswerAsync(request.Http, handle);
                return;
            default:
                request.WatchFault = fault;
                await handle();
                return;
        }
    }

    private static async Task LoseAnswerAsync(HttpContext http, Func<Task> handle)
    {
        var body = http.Response.Body;
        http.Response.Body = Stream.Null;
        try
        {
            await handle();
        }
        finally
        {
            http.Response.Body = body;
        }

        http.Abort();
    }
}
