namespace Octavo.ServingContract;

/// <summary>
/// Metric families of a replica as they appear on <c>/metrics</c>. The <c>vllm:</c> ones carry vLLM's semantics; all have the label <c>model_name</c>.
/// </summary>
public static class ServingMetricNames
{
    /// <summary>Gauge, requests in the running batch after the last scheduler pass.</summary>
    public const string NumRequestsRunning = "vllm:num_requests_running";

    /// <summary>Gauge, requests that wait for admission.</summary>
    public const string NumRequestsWaiting = "vllm:num_requests_waiting";

    /// <summary>Gauge in 0..1 despite the name: blocks in use; cached but free blocks count as free.</summary>
    public const string KVCacheUsage = "vllm:kv_cache_usage_perc";

    /// <summary>Counter in tokens, recorded once at admission.</summary>
    public const string PrefixCacheQueries = "vllm:prefix_cache_queries_total";

    /// <summary>Counter in tokens, recorded once at admission.</summary>
    public const string PrefixCacheHits = "vllm:prefix_cache_hits_total";

    /// <summary>Counter in tokens, recorded once at admission: those that the device's cache did not have. With a second tier only, like all that has to do with it.</summary>
    public const string ExternalPrefixCacheQueries = "vllm:external_prefix_cache_queries_total";

    /// <summary>Counter in tokens, recorded once at admission: found in the second tier, and not among <see cref="PrefixCacheHits"/>.</summary>
    public const string ExternalPrefixCacheHits = "vllm:external_prefix_cache_hits_total";

    /// <summary>Counter, bytes from the device to the second tier.</summary>
    public const string KVOffloadStoreBytes = "vllm:kv_offload_store_bytes_total";

    /// <summary>Counter, bytes from the second tier to the device.</summary>
    public const string KVOffloadLoadBytes = "vllm:kv_offload_load_bytes_total";

    /// <summary>Gauge in 0..1: blocks that the second tier holds, of those that it has room for.</summary>
    public const string KVOffloadUsage = "vllm:kv_offload_cpu_cache_usage_perc";

    public const string PromptTokens = "vllm:prompt_tokens_total";
    public const string GenerationTokens = "vllm:generation_tokens_total";
    public const string NumPreemptions = "vllm:num_preemptions_total";

    /// <summary>Counter with the label <c>finished_reason</c>.</summary>
    public const string RequestSuccess = "vllm:request_success_total";

    public const string TimeToFirstToken = "vllm:time_to_first_token_seconds";
    public const string InterTokenLatency = "vllm:inter_token_latency_seconds";
    public const string EndToEndLatency = "vllm:e2e_request_latency_seconds";
    public const string QueueTime = "vllm:request_queue_time_seconds";
    public const string PrefillTime = "vllm:request_prefill_time_seconds";
    public const string DecodeTime = "vllm:request_decode_time_seconds";
    public const string InferenceTime = "vllm:request_inference_time_seconds";
    public const string RequestPromptTokens = "vllm:request_prompt_tokens";
    public const string RequestGenerationTokens = "vllm:request_generation_tokens";

    /// <summary>Histogram, most generated tokens among the answers of a request.</summary>
    public const string RequestMaxGenerationTokens = "vllm:request_max_num_generation_tokens";

    /// <summary>Histogram, the field max_tokens, as asked for or by default.</summary>
    public const string RequestParamsMaxTokens = "vllm:request_params_max_tokens";

    /// <summary>Histogram, answers that a request asks for.</summary>
    public const string RequestParamsN = "vllm:request_params_n";

    /// <summary>Histogram, the mean time between two tokens of an answer.</summary>
    public const string RequestTimePerOutputToken = "vllm:request_time_per_output_token_seconds";

    /// <summary>Histogram, prompt tokens of a request that were computed and not found in the cache.</summary>
    public const string RequestPrefillComputedTokens = "vllm:request_prefill_kv_computed_tokens";

    /// <summary>Counter with the label <c>source</c> (local_compute, local_cache_hit, external_kv_transfer); the sum is <see cref="PromptTokens"/>.</summary>
    public const string PromptTokensBySource = "vllm:prompt_tokens_by_source_total";

    /// <summary>Counter, prompt tokens found in the cache.</summary>
    public const string PromptTokensCached = "vllm:prompt_tokens_cached_total";

    /// <summary>Gauge with the label <c>reason</c> (capacity); the sum is <see cref="NumRequestsWaiting"/>.</summary>
    public const string NumRequestsWaitingByReason = "vllm:num_requests_waiting_by_reason";

    /// <summary>Counter, requests that ended because the model's logits were no numbers.</summary>
    public const string CorruptedRequests = "vllm:corrupted_requests_total";

    /// <summary>Counter with the label <c>reason</c>: turned away before they were queued.</summary>
    public const string AdmissionRejections = "vllm:admission_rejections_total";

    /// <summary>Histogram despite the name: tokens per engine step.</summary>
    public const string IterationTokens = "vllm:iteration_tokens_total";

    /// <summary>Gauge 1 with the cache's configuration as labels.</summary>
    public const string CacheConfigInfo = "vllm:cache_config_info";

    /// <summary>Gauge, prompt tokens of waiting requests that no cached block covers.</summary>
    public const string UncachedQueuedTokens = "octavo_uncached_queued_prompt_tokens";

    /// <summary>Gauge with the label <c>reason</c> (capacity, tokens): why requests wait.</summary>
    public const string QueueDepth = "octavo_queue_depth";

    /// <summary>Counter, tokens computed again after preemption.</summary>
    public const string RecomputedTokens = "octavo_recomputed_tokens_total";

    /// <summary>Gauge in 0..1 over the last thousand admissions.</summary>
    public const string CacheHitRate = "octavo_prefix_cache_hit_rate";

    /// <summary>Gauge: 1 while the engine lives and moves, as /health says; 0 when it has failed or a step does not end.</summary>
    public const string EngineHealthy = "octavo_engine_healthy";

    /// <summary>Gauge with the label <c>device</c>: 1 when an error of the device ended the engine. On devices only.</summary>
    public const string DeviceLost = "octavo_device_lost";

    /// <summary>Gauge, seconds that the requests of the runtime's own took before it was ready; absent where there were none.</summary>
    public const string WarmUp = "octavo_warm_up_seconds";
}
