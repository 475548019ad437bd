using Octavo.ServingContract;

namespace Octavo.Operator.Scraping;

/// <summary>
/// What a kind of runtime calls its metrics. Of several names the first that the page has counts: names changed between releases. A list may be
/// empty where the runtime has no such metric.
/// </summary>
internal sealed record ReplicaMetricNames
{
    /// <summary>Octavo's own runtime: vLLM's names, and what they lack.</summary>
    public static readonly ReplicaMetricNames Octavo = new()
    {
        Waiting = [ServingMetricNames.NumRequestsWaiting],
        Running = [ServingMetricNames.NumRequestsRunning],
        KVCacheUsage = [ServingMetricNames.KVCacheUsage],
        PromptTokens = [ServingMetricNames.PromptTokens],
        CacheQueries = [ServingMetricNames.PrefixCacheQueries],
        CacheHits = [ServingMetricNames.PrefixCacheHits],
        TierCacheHits = [ServingMetricNames.ExternalPrefixCacheHits],
        CacheHitRate = [ServingMetricNames.CacheHitRate],
        UncachedQueuedTokens = [ServingMetricNames.UncachedQueuedTokens],
        PromptLengths = [$"{ServingMetricNames.RequestPromptTokens}_sum"],
        Prompts = [$"{ServingMetricNames.RequestPromptTokens}_count"],
        TimeToFirstToken = [$"{ServingMetricNames.TimeToFirstToken}_bucket"],
        WarmUp = [ServingMetricNames.WarmUp],
    };

    /// <summary>vLLM: the cache's use was called gpu_cache_usage_perc before 0.10, the counters of the cache carried gpu_ before.</summary>
    public static readonly ReplicaMetricNames Vllm = Octavo with
    {
        KVCacheUsage = [ServingMetricNames.KVCacheUsage, "vllm:gpu_cache_usage_perc"],
        CacheQueries = [ServingMetricNames.PrefixCacheQueries, "vllm:gpu_prefix_cache_queries_total"],
        CacheHits = [ServingMetricNames.PrefixCacheHits, "vllm:gpu_prefix_cache_hits_total"],
        CacheHitRate = [],
        UncachedQueuedTokens = [],
        WarmUp = [],
    };

    /// <summary>SGLang with <c>--enable-metrics</c>: every prompt token is looked up in the cache, and prompts are counted when they end.</summary>
    public static readonly ReplicaMetricNames Sglang = new()
    {
        Waiting = ["sglang:num_queue_reqs"],
        Running = ["sglang:num_running_reqs"],
        KVCacheUsage = ["sglang:token_usage"],
        PromptTokens = ["sglang:prompt_tokens_total"],
        CacheQueries = ["sglang:prompt_tokens_total"],
        CacheHits = ["sglang:cached_tokens_total"],
        CacheHitRate = ["sglang:cache_hit_rate"],
        PromptLengths = ["sglang:prompt_tokens_total"],
        Prompts = ["sglang:num_requests_total"],
        TimeToFirstToken = ["sglang:time_to_first_token_seconds_bucket"],
    };

    /// <summary>Gauge; without it the load is unknown.</summary>
    public required IReadOnlyList<string> Waiting { get; init; }

    /// <summary>Gauge; without it the load is unknown.</summary>
    public required IReadOnlyList<string> Running { get; init; }

    /// <summary>Gauge in 0..1; without it the load is unknown.</summary>
    public required IReadOnlyList<string> KVCacheUsage { get; init; }

    /// <summary>Counter.</summary>
    public IReadOnlyList<string> PromptTokens { get; init; } = [];

    /// <summary>Counter in tokens.</summary>
    public IReadOnlyList<string> CacheQueries { get; init; } = [];

    /// <summary>Counter in tokens.</summary>
    public IReadOnlyList<string> CacheHits { get; init; } = [];

    /// <summary>Counter in tokens: found in what is behind the cache, and not counted by <see cref="CacheHits"/>.</summary>
    public IReadOnlyList<string> TierCacheHits { get; init; } = [];

    /// <summary>Gauge in 0..1.</summary>
    public IReadOnlyList<string> CacheHitRate { get; init; } = [];

    /// <summary>Gauge in tokens.</summary>
    public IReadOnlyList<string> UncachedQueuedTokens { get; init; } = [];

    /// <summary>Counter in tokens.</summary>
    public IReadOnlyList<string> PromptLengths { get; init; } = [];

    /// <summary>Counter.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Buckets of a histogram in seconds.</summary>
    public IReadOnlyList<string> TimeToFirstToken { get; init; } = [];

    /// <summary>Gauge in seconds.</summary>
    public IReadOnlyList<string> WarmUp { get; init; } = [];

    /// <param name="dialect">spec.runtime.dialect; null: Octavo.</param>
    public static ReplicaMetricNames Of(string? dialect) => dialect switch
    {
        "VLLM" => Vllm,
        "SGLang" => Sglang,
        _ => Octavo,
    };
}
