using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.Observability;

/// <summary>A line of throughput and load every ten seconds in which something happened, in vLLM's words; and one when the engine gets stuck.</summary>
internal sealed partial class StatsLogger(ModelHost host, ServingOptions options, TimeProvider timeProvider, ILogger<StatsLogger> logger) : IHostedService, IDisposable
{
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private ITimer? timer;
    private long last;
    private (long Prompt, long Generated) before;
    private bool stuck;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        last = timeProvider.GetTimestamp();
        timer = timeProvider.CreateTimer(_ => Tick(), null, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();

    private void Tick()
    {
        if (host.Loaded?.Llm is not { } llm)
        {
            return;
        }

        lock (gate)
        {
            Complain(llm);
            if (options.LogStats)
            {
                Tell(llm);
            }
        }
    }

    private void Complain(AsyncLlm llm)
    {
        var isStuck = !llm.IsHealthy && host.Failure is null;
        if (isStuck && !stuck)
        {
            LogStuck(options.StallTimeout.TotalSeconds, llm.InFlight);
        }

        stuck = isStuck;
    }

    private void Tell(AsyncLlm llm)
    {
        var seconds = timeProvider.GetElapsedTime(last).TotalSeconds;
        last = timeProvider.GetTimestamp();
        var now = (Prompt: llm.PromptTokensTotal, Generated: llm.GenerationTokensTotal);
        var stats = llm.Stats;
        if (seconds > 0 && (now != before || stats.NumRunning + stats.NumWaiting > 0))
        {
            LogStats(
                (now.Prompt - before.Prompt) / seconds, (now.Generated - before.Generated) / seconds, stats.NumRunning, stats.NumWaiting, stats.KVCacheUsage * 100, stats.RecentCacheHitRate * 100);
        }

        before = now;
    }

    [LoggerMessage(Level = LogLevel.Information, Message =
        "Engine 000: Avg prompt throughput: {PromptThroughput:F1} tokens/s, Avg generation throughput: {GenerationThroughput:F1} tokens/s, Running: {Running} reqs, Waiting: {Waiting} reqs, "
        + "KV cache usage: {KVCacheUsage:F1}%, Prefix cache hit rate: {PrefixCacheHitRate:F1}%")]
    private partial void LogStats(double promptThroughput, double generationThroughput, int running, int waiting, double kVCacheUsage, double prefixCacheHitRate);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has not moved for {Seconds} s with {InFlight} requests in flight; /health says so")]
    private partial void LogStuck(double seconds, int inFlight);
}
