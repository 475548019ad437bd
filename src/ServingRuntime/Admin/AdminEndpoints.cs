using Octavo.Metrics.Prometheus;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Hosting;
using Octavo.ServingRuntime.Observability;
using Octavo.ServingRuntime.OpenAI;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.Admin;

/// <summary>
/// The admin listener: what is for whoever runs the server and for no client. It has keys of its own and routes of its own; the API's listener knows none of
/// them, and this one none of the API's.
/// </summary>
internal sealed partial class AdminEndpoints
{
    private const int MostRequests = 1000;

    private readonly ModelHost host;
    private readonly ServingOptions options;
    private readonly ServerKeys keys;
    private readonly HttpMetrics http;
    private readonly TimeProvider timeProvider;
    private readonly ILogger<AdminEndpoints> logger;
    private readonly long started;
    private readonly Dictionary<string, (string Method, RequestDelegate Handle)> routes;

    public AdminEndpoints(
        ModelHost host, ServingOptions options, ServerKeys keys, HttpMetrics http, MeterCollector collector, TimeProvider timeProvider, ILogger<AdminEndpoints> logger)
    {
        this.host = host;
        this.options = options;
        this.keys = keys;
        this.http = http;
        this.timeProvider = timeProvider;
        this.logger = logger;
        started = timeProvider.GetTimestamp();
        routes = new(StringComparer.Ordinal)
        {
            [ServingPaths.Metrics] = (HttpMethods.Get, collector.WriteAsync),
            [ServingPaths.Load] = (HttpMethods.Get, HandleLoadAsync),
            [ServingPaths.Stats] = (HttpMethods.Get, HandleStatsAsync),
            [ServingPaths.Drain] = (HttpMethods.Post, HandleDrainAsync),
            [ServingPaths.Resume] = (HttpMethods.Post, HandleResumeAsync),
            [ServingPaths.ResetPrefixCache] = (HttpMethods.Post, HandleResetAsync),
        };
    }

    public Task HandleAsync(HttpContext context)
    {
        if (keys.Admin.IsRequired && keys.Admin.Find(context.Request.Headers.Authorization.ToString()) is null)
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "a valid admin key is needed: Authorization: Bearer <key>", code: "invalid_api_key");
        }

        var path = context.Request.Path.Value ?? "";
        if (!routes.TryGetValue(path, out var route))
        {
            throw new ApiException(404, $"there is no {path}", code: "not_found");
        }

        return HttpMethods.Equals(route.Method, context.Request.Method)
            ? route.Handle(context)
            : throw new ApiException(405, $"{path} does not allow {context.Request.Method}", code: "method_not_allowed");
    }

    /// <summary>Also on the API's listener, as with vLLM.</summary>
    public Task HandleLoadAsync(HttpContext context) => context.Response.WriteJsonAsync(new LoadResponse(http.InProgress), OpenAIJson.Context.LoadResponse);

    private Task HandleStatsAsync(HttpContext context)
    {
        var llm = host.Loaded?.Llm;
        var stats = llm?.Stats ?? default;
        return context.Response.WriteJsonAsync(
            new StatsResponse
            {
                Model = options.ModelName,
                State = host.Failure is not null || llm is { IsHealthy: false } ? "failed" : llm is null ? "loading" : llm.IsDraining ? "draining" : "ready",
                UptimeSeconds = Math.Round(timeProvider.GetElapsedTime(started).TotalSeconds, 3),
                ServerLoad = http.InProgress,
                Running = stats.NumRunning,
                Waiting = stats.NumWaiting,
                KvCacheUsage = stats.KVCacheUsage,
                PrefixCacheHitRate = stats.RecentCacheHitRate,
                UncachedQueuedTokens = stats.UncachedQueuedTokens,
                Preemptions = stats.NumPreemptions,
                Steps = stats.Steps,
                Requests = [.. (llm?.LiveRequests ?? []).Take(MostRequests).Select(RequestState.From)],
            },
            OpenAIJson.Context.StatsResponse);
    }

    private Task HandleDrainAsync(HttpContext context)
    {
        var llm = GenerationRun.RequireLoaded(host).Llm;
        llm.Cordon();
        LogDrain(llm.InFlight);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return context.Response.WriteJsonAsync(new DrainResponse(llm.IsDraining, llm.InFlight), OpenAIJson.Context.DrainResponse);
    }

    private Task HandleResumeAsync(HttpContext context)
    {
        var llm = GenerationRun.RequireLoaded(host).Llm;
        llm.Resume();
        LogResume();
        return context.Response.WriteJsonAsync(new DrainResponse(llm.IsDraining, llm.InFlight), OpenAIJson.Context.DrainResponse);
    }

    private async Task HandleResetAsync(HttpContext context)
    {
        await GenerationRun.RequireLoaded(host).Llm.ResetPrefixCacheAsync().WaitAsync(context.RequestAborted);
        LogReset();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Told to drain: new requests are turned away, {InFlight} are in flight")]
    private partial void LogDrain(int inFlight);

    [LoggerMessage(Level = LogLevel.Information, Message = "Told to resume: requests are taken again")]
    private partial void LogResume();

    [LoggerMessage(Level = LogLevel.Information, Message = "Told to reset the prefix cache: done")]
    private partial void LogReset();
}
