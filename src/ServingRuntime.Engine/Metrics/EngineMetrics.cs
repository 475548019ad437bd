using System.Diagnostics.Metrics;
using System.Globalization;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Engine.Metrics;

/// <summary>Every instrument of the engine: vLLM's names, buckets and meanings, and Octavo's own. All carry the labels model_name and engine.</summary>
public sealed class EngineMetrics
{
    public const string MeterName = "Octavo.ServingRuntime.Engine";

    private static readonly double[] TimeToFirstTokenBuckets =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    private static readonly double[] InterTokenBuckets = [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private static readonly double[] LatencyBuckets = [.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    private readonly Meter meter;
    private readonly KeyValuePair<string, object?>[] labels;
    private readonly Counter<long> promptTokens;
    private readonly Counter<long> generationTokens;
    private readonly Counter<long> requestSuccess;
    private readonly Counter<long> rejections;
    private readonly Counter<long> corrupted;
    private readonly Histogram<long> iterationTokens;
    private readonly Histogram<long> requestPromptTokens;
    private readonly Histogram<long> requestGenerationTokens;
    private readonly Histogram<long> requestMaxGenerationTokens;
    private readonly Histogram<long> requestParamsMaxTokens;
    private readonly Histogram<long> requestParamsN;
    private readonly Histogram<long> prefillComputedTokens;
    private readonly Counter<long> promptTokensCached;
    private readonly Counter<long> promptTokensBySource;
    private readonly KeyValuePair<string, object?>[] computed;
    private readonly KeyValuePair<string, object?>[] hit;
    private readonly KeyValuePair<string, object?>[] transferred;
    private long promptTotal;
    private long generationTotal;

    public EngineMetrics(IMeterFactory meterFactory, string modelName, int maxModelLen)
    {
        ModelName = modelName;
        meter = meterFactory.Create(MeterName);
        labels = [new("model_name", modelName), new("engine", "0")];
        promptTokens = meter.CreateCounter<long>(ServingMetricNames.PromptTokens, description: "Prompt tokens of requests, cached ones included.");
        generationTokens = meter.CreateCounter<long>(ServingMetricNames.GenerationTokens, description: "Generated tokens.");
        requestSuccess = meter.CreateCounter<long>(ServingMetricNames.RequestSuccess, description: "Finished requests by reason.");
        rejections = meter.CreateCounter<long>(ServingMetricNames.AdmissionRejections, description: "Requests turned away before they were queued, by reason.");
        corrupted = meter.CreateCounter<long>(ServingMetricNames.CorruptedRequests, description: "Requests that ended because the model's logits were no numbers.");
        corrupted.Add(0, labels);
        var steps = Tokens(16384).Where(b => b is 1 || b >= 8).ToArray();
        iterationTokens = Histogram(ServingMetricNames.IterationTokens, "Tokens computed in a step.", steps);
        var lengths = OneTwoFive(maxModelLen);
        requestPromptTokens = Histogram(ServingMetricNames.RequestPromptTokens, "Prompt tokens of a request.", lengths);
        requestGenerationTokens = Histogram(ServingMetricNames.RequestGenerationTokens, "Generated tokens of a request.", lengths);
        requestMaxGenerationTokens = Histogram(ServingMetricNames.RequestMaxGenerationTokens, "Most generated tokens among the answers of a request.", lengths);
        requestParamsMaxTokens = Histogram(ServingMetricNames.RequestParamsMaxTokens, "Tokens that a request may generate.", lengths);
        requestParamsN = Histogram(ServingMetricNames.RequestParamsN, "Answers that a request asks for.", [1, 2, 5, 10, 20]);
        prefillComputedTokens = Histogram(ServingMetricNames.RequestPrefillComputedTokens, "Prompt tokens of a request that were computed, cached ones excluded.", lengths);
        promptTokensCached = meter.CreateCounter<long>(ServingMetricNames.PromptTokensCached, description: "Prompt tokens found in the prefix cache.");
        promptTokensBySource = meter.CreateCounter<long>(ServingMetricNames.PromptTokensBySource, description: "Prompt tokens by where their keys and values came from.");
        computed = Labelled("source", "local_compute");
        hit = Labelled("source", "local_cache_hit");
        transferred = Labelled("source", "external_kv_transfer");
        TimeToFirstToken = Seconds(ServingMetricNames.TimeToFirstToken, "From arrival to the first token.", TimeToFirstTokenBuckets);
        InterTokenLatency = Seconds(ServingMetricNames.InterTokenLatency, "Between two tokens of a request.", InterTokenBuckets);
        TimePerOutputToken = Seconds(ServingMetricNames.RequestTimePerOutputToken, "Mean time between two tokens of an answer.", InterTokenBuckets);
        EndToEndLatency = Seconds(ServingMetricNames.EndToEndLatency, "From arrival to the last token.", LatencyBuckets);
        QueueTime = Seconds(ServingMetricNames.QueueTime, "From arrival to admission.", LatencyBuckets);
        PrefillTime = Seconds(ServingMetricNames.PrefillTime, "From admission to the first token.", LatencyBuckets);
        DecodeTime = Seconds(ServingMetricNames.DecodeTime, "From the first to the last token.", LatencyBuckets);
        InferenceTime = Seconds(ServingMetricNames.InferenceTime, "From admission to the last token.", LatencyBuckets);
        foreach (var reason in Enum.GetValues<FinishReason>())
        {
            // Series exist from the start, so that the first event is a rise and not an appearance.
            requestSuccess.Add(0, Labelled("finished_reason", Name(reason)));
        }

        foreach (var reason in Enum.GetValues<RejectionReason>())
        {
            rejections.Add(0, Labelled("reason", Name(reason)));
        }

        promptTokens.Add(0, labels);
        generationTokens.Add(0, labels);
        promptTokensCached.Add(0, labels);
        promptTokensBySource.Add(0, computed);
        promptTokensBySource.Add(0, hit);
        promptTokensBySource.Add(0, transferred);
    }

    /// <summary>The label of every series.</summary>
    public string ModelName { get; }

    /// <summary>Since the start.</summary>
    public long PromptTokensTotal => Interlocked.Read(ref promptTotal);

    /// <summary>Since the start.</summary>
    public long GenerationTokensTotal => Interlocked.Read(ref generationTotal);

    internal Histogram<double> TimePerOutputToken { get; }

    public Histogram<double> TimeToFirstToken { get; }

    public Histogram<double> InterTokenLatency { get; }

    public Histogram<double> EndToEndLatency { get; }

    public Histogram<double> QueueTime { get; }

    public Histogram<double> PrefillTime { get; }

    public Histogram<double> DecodeTime { get; }

    public Histogram<double> InferenceTime { get; }

    /// <summary>Exposes the scheduler's state. Called once, when the engine runs; gauges do not exist before.</summary>
    public void Attach(Func<EngineStats> stats)
    {
        Gauge(ServingMetricNames.NumRequestsRunning, "Requests in the running batch.", () => stats().NumRunning);
        Gauge(ServingMetricNames.NumRequestsWaiting, "Requests that wait for admission.", () => stats().NumWaiting);
        Gauge(ServingMetricNames.KVCacheUsage, "Part of the KV blocks in use, 0 to 1.", () => stats().KVCacheUsage);
        Gauge(ServingMetricNames.UncachedQueuedTokens, "Prompt tokens of waiting requests that no cached block covers.", () => stats().UncachedQueuedTokens);
        Gauge(ServingMetricNames.CacheHitRate, "Part of the prompt tokens found in the prefix cache over the last thousand admissions.", () => stats().RecentCacheHitRate);
        meter.CreateObservableGauge(
            ServingMetricNames.NumRequestsWaitingByReason, () => new Measurement<long>(stats().NumWaiting, Labelled("reason", "capacity")), description: "Requests that wait for admission, by reason.");
        meter.CreateObservableGauge(
            ServingMetricNames.QueueDepth, () => new Measurement<long>(stats().NumWaiting, Labelled("reason", "capacity")), description: "Waiting requests by what they wait for.");
        Total(ServingMetricNames.PrefixCacheQueries, "Prompt tokens looked up in the prefix cache.", () => stats().PrefixCacheQueries);
        Total(ServingMetricNames.PrefixCacheHits, "Prompt tokens found in the prefix cache.", () => stats().PrefixCacheHits);
        Total(ServingMetricNames.NumPreemptions, "Preemptions.", () => stats().NumPreemptions);
        Total(ServingMetricNames.RecomputedTokens, "Tokens computed again after a preemption.", () => stats().RecomputedTokens);
        AttachSpeculation(stats);
        AttachTier(stats);
    }

    /// <summary>Where there is a second tier; no series else.</summary>
    private void AttachTier(Func<EngineStats> stats)
    {
        TierTotal(ServingMetricNames.ExternalPrefixCacheQueries, "Prompt tokens that the device's prefix cache did not have, looked up in the second tier.", now => now.TierQueries);
        TierTotal(ServingMetricNames.ExternalPrefixCacheHits, "Prompt tokens found in the second tier.", now => now.TierHits);
        TierTotal(ServingMetricNames.KVOffloadStoreBytes, "Bytes of keys and values that went from the device to the second tier.", now => now.Tier!.Value.StoredBlocks * now.Tier.Value.BlockBytes);
        TierTotal(ServingMetricNames.KVOffloadLoadBytes, "Bytes of keys and values that came back to the device.", now => now.Tier!.Value.LoadedBlocks * now.Tier.Value.BlockBytes);
        meter.CreateObservableGauge(
            ServingMetricNames.KVOffloadUsage, () => (Measurement<double>[])(stats().Tier is { Capacity: > 0 } tier ? [new((double)tier.Blocks / tier.Capacity, labels)] : []),
            description: "Part of the second tier that holds something, 0 to 1.");

        void TierTotal(string name, string description, Func<EngineStats, long> value) => meter.CreateObservableCounter(
            name, () => (Measurement<long>[])(stats() is { Tier: not null } now ? [new(value(now), labels)] : []), description: description);
    }

    /// <summary>Exposes what /health says. Called once, when the engine runs.</summary>
    /// <param name="device">cpu, or the name of the device.</param>
    /// <param name="failure">What ended the engine; null while it lives.</param>
    internal void AttachHealth(string device, Func<bool> isHealthy, Func<Exception?> failure)
    {
        Gauge(ServingMetricNames.EngineHealthy, "1 while the engine lives and, where it has work, moves; 0 when it has failed or a step does not end.", () => isHealthy() ? 1 : 0);
        if (device != "cpu")
        {
            var labelled = Labelled("device", device);
            meter.CreateObservableGauge(
                ServingMetricNames.DeviceLost, () => new Measurement<int>(failure() is CudaException { IsSticky: true } ? 1 : 0, labelled),
                description: "1 when the device is of no use to this process any more; the process ends then.");
        }
    }

    private void AttachSpeculation(Func<EngineStats> stats)
    {
        Total("vllm:spec_decode_num_drafts_total", "Requests and steps that had drafts to verify.", () => stats().Speculation?.NumDrafts ?? 0);
        Total("vllm:spec_decode_num_draft_tokens_total", "Drafts.", () => stats().Speculation?.NumDraftTokens ?? 0);
        Total("vllm:spec_decode_num_accepted_tokens_total", "Drafts that held.", () => stats().Speculation?.NumAcceptedTokens ?? 0);
        meter.CreateObservableCounter(
            "vllm:spec_decode_num_accepted_tokens_per_pos_total",
            () => (stats().Speculation?.AcceptedPerPosition ?? []).Select(
                (accepted, position) => new Measurement<long>(accepted, Labelled("position", position.ToString(CultureInfo.InvariantCulture)))),
            description: "Drafts that held, by their position.");
    }

    /// <summary>Exposes the cache's configuration as labels of a gauge that is 1.</summary>
    public void DescribeCache(int blockSize, int numBlocks, string cacheDType, bool prefixCaching)
    {
        KeyValuePair<string, object?>[] described =
        [
            .. labels, new("block_size", blockSize.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new("num_gpu_blocks", numBlocks.ToString(System.Globalization.CultureInfo.InvariantCulture)), new("cache_dtype", cacheDType), new("enable_prefix_caching", prefixCaching ? "True" : "False"),
        ];
        meter.CreateObservableGauge(ServingMetricNames.CacheConfigInfo, () => new Measurement<int>(1, described), description: "Configuration of the KV cache.");
    }

    /// <summary>Exposes how long the warm-up took. Called once, where there was one.</summary>
    public void WarmedUp(TimeSpan time) => Gauge(ServingMetricNames.WarmUp, "Seconds that the runtime's own requests took before it was ready.", () => time.TotalSeconds);

    internal void RecordStep(EngineStats stats)
    {
        if (stats.StepTokens > 0)
        {
            iterationTokens.Record(stats.StepTokens, labels);
        }
    }

    internal void RecordRejection(RejectionReason reason) => rejections.Add(1, Labelled("reason", Name(reason)));

    internal void RecordCorrupted() => corrupted.Add(1, labels);

    internal void RecordParams(int answers, int maxTokens)
    {
        requestParamsN.Record(answers, labels);
        requestParamsMaxTokens.Record(maxTokens, labels);
    }

    internal void RecordPrompt(int tokens, int cached, int fromTier)
    {
        Interlocked.Add(ref promptTotal, tokens);
        promptTokens.Add(tokens, labels);
        promptTokensCached.Add(cached, labels);
        promptTokensBySource.Add(cached - fromTier, hit);
        promptTokensBySource.Add(fromTier, transferred);
        promptTokensBySource.Add(tokens - cached, computed);
        prefillComputedTokens.Record(tokens - cached, labels);
    }

    internal void RecordGenerated(int tokens)
    {
        Interlocked.Add(ref generationTotal, tokens);
        generationTokens.Add(tokens, labels);
    }

    internal void RecordMostGenerated(int tokens) => requestMaxGenerationTokens.Record(tokens, labels);

    internal void RecordFinished(FinishReason reason, int promptCount, int generatedCount)
    {
        requestSuccess.Add(1, Labelled("finished_reason", Name(reason)));
        requestPromptTokens.Record(promptCount, labels);
        requestGenerationTokens.Record(generatedCount, labels);
    }

    internal void Record(Histogram<double> histogram, TimeSpan duration) => histogram.Record(duration.TotalSeconds, labels);

    private static string Name(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Abort => "abort",
        _ => "error",
    };

    private static string Name(RejectionReason reason) => reason switch
    {
        RejectionReason.QueueFull => "queue_full",
        RejectionReason.QueuedTokens => "queued_tokens",
        _ => "draining",
    };

    private static long[] Tokens(int limit)
    {
        var bounds = new List<long>();
        for (long bound = 1; bound <= limit; bound *= 2)
        {
            bounds.Add(bound);
        }

        return [.. bounds];
    }

    /// <summary>1, 2, 5, 10, 20 ... up to a limit.</summary>
    private static long[] OneTwoFive(int limit)
    {
        var bounds = new List<long>();
        for (long power = 1; power <= limit; power *= 10)
        {
            bounds.AddRange(new[] { power, 2 * power, 5 * power }.Where(b => b <= limit));
        }

        return [.. bounds];
    }

    private Histogram<double> Seconds(string name, string description, double[] buckets)
        => meter.CreateHistogram(name, unit: "s", description: description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private Histogram<long> Histogram(string name, string description, long[] buckets)
        => meter.CreateHistogram(name, description: description, advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = buckets });

    private void Gauge(string name, string description, Func<double> value)
        => meter.CreateObservableGauge(name, () => new Measurement<double>(value(), labels), description: description);

    private void Total(string name, string description, Func<long> value)
        => meter.CreateObservableCounter(name, () => new Measurement<long>(value(), labels), description: description);

    private KeyValuePair<string, object?>[] Labelled(string name, string value) => [.. labels, new(name, value)];
}
