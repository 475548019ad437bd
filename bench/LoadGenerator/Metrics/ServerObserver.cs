using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Metrics;

/// <summary>Looks at the server's metrics before, during and after a run. A server without any is no fault; it is only less to report.</summary>
internal sealed class ServerObserver(OpenAIClient client, ServeOptions options, TimeProvider time)
{
    private readonly List<ServerSample> samples = [];
    private readonly CancellationTokenSource stop = new();
    private Exposition? before;
    private Task sampling = Task.CompletedTask;

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        before = options.NoMetrics ? null : await TryScrapeAsync(cancellationToken);
        if (before is not null && options.MetricsInterval > TimeSpan.Zero)
        {
            var begin = time.GetTimestamp();
            sampling = Task.Run(() => SampleAsync(begin, stop.Token), CancellationToken.None);
        }
    }

    /// <summary>Null where the server has no metrics.</summary>
    public async Task<ServerReport?> EndAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await sampling;
        stop.Dispose();
        return before is not null && await TryScrapeAsync(cancellationToken) is { } after ? ServerReport.Between(before, after, samples) : null;
    }

    private async Task SampleAsync(long begin, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.MetricsInterval, time, cancellationToken);
                if (await TryScrapeAsync(cancellationToken) is { } now)
                {
                    samples.Add(new ServerSample(
                        time.GetElapsedTime(begin).TotalSeconds, now.Sum("vllm:num_requests_running") ?? 0, now.Sum("vllm:num_requests_waiting") ?? 0, now.Max("vllm:kv_cache_usage_perc") ?? 0));
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private async Task<Exposition?> TryScrapeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Exposition.Parse(await client.MetricsAsync(cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // No such endpoint, or one that wants another key: the report goes without.
            return null;
        }
    }
}
