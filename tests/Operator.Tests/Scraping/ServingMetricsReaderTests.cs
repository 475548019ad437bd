using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Scraping;

/// <summary>Pages as the runtimes write them.</summary>
public sealed class ServingMetricsReaderTests
{
    private const string Vllm = """
        vllm:num_requests_running{engine="0",model_name="m"} 12.0
        vllm:num_requests_waiting{engine="0",model_name="m"} 3.0
        vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.41
        vllm:prompt_tokens_total{engine="0",model_name="m"} 5000.0
        vllm:prefix_cache_queries_total{engine="0",model_name="m"} 5200.0
        vllm:prefix_cache_hits_total{engine="0",model_name="m"} 2600.0
        vllm:external_prefix_cache_hits_total{engine="0",model_name="m"} 400.0
        vllm:request_prompt_tokens_bucket{engine="0",le="1.0",model_name="m"} 0.0
        vllm:request_prompt_tokens_count{engine="0",model_name="m"} 10.0
        vllm:request_prompt_tokens_sum{engine="0",model_name="m"} 4000.0
        vllm:time_to_first_token_seconds_bucket{engine="0",le="0.5",model_name="m"} 4.0
        vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="m"} 10.0
        """;

    private const string Sglang = """
        sglang:num_running_reqs{engine_type="unified",model_name="m",tp_rank="0"} 7.0
        sglang:num_queue_reqs{engine_type="unified",model_name="m",tp_rank="0"} 2.0
        sglang:token_usage{engine_type="unified",model_name="m",tp_rank="0"} 0.52
        sglang:cache_hit_rate{engine_type="unified",model_name="m",tp_rank="0"} 0.28
        sglang:prompt_tokens_total{is_streaming="false",model_name="m"} 1000.0
        sglang:prompt_tokens_total{is_streaming="true",model_name="m"} 3000.0
        sglang:num_requests_total{is_streaming="false",model_name="m"} 4.0
        sglang:num_requests_total{is_streaming="true",model_name="m"} 4.0
        sglang:cached_tokens_total{cache_source="device",model_name="m"} 900.0
        sglang:cached_tokens_total{cache_source="host",model_name="m"} 100.0
        sglang:time_to_first_token_seconds_bucket{is_streaming="true",le="0.1",model_name="m"} 2.0
        sglang:time_to_first_token_seconds_bucket{is_streaming="true",le="+Inf",model_name="m"} 4.0
        """;

    [Fact]
    public void Read_Octavo_TellsItsWarmUp()
    {
        Read(Vllm + "\noctavo_warm_up_seconds{engine=\"0\",model_name=\"m\"} 2.5", null).WarmUpSeconds.Should().Be(2.5);
        Read(Vllm, null).WarmUpSeconds.Should().BeNull("what is not told is not zero");
    }

    [Fact]
    public void Read_Vllm_FindsGaugesAndCounters()
    {
        var reading = Read(Vllm, "VLLM");

        (reading.Waiting, reading.Running, reading.KVCacheUsage, reading.CacheHitRate, reading.UncachedQueuedTokens).Should().Be((3, 12, 0.41, null, null));
        var counters = reading.Counters;
        (counters.PromptTokens, counters.CacheQueries, counters.CacheHits, counters.PromptLengths, counters.Prompts).Should().Be((5000, 5200, 3000, 4000, 10), "what came from the second tier was not computed either");
        counters.TimeToFirstToken!.Total.Should().Be(10);
    }

    [Fact]
    public void Read_OlderVllm_IsFoundByItsOldNames()
    {
        var old = Vllm.Replace("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", StringComparison.Ordinal)
            .Replace("vllm:prefix_cache_", "vllm:gpu_prefix_cache_", StringComparison.Ordinal);

        Read(old, "VLLM").Should().BeEquivalentTo(Read(Vllm, "VLLM"));
        FluentActions.Invoking(() => Read(old, "Octavo")).Should().Throw<FormatException>().WithMessage("vllm:kv_cache_usage_perc is missing");
    }

    [Fact]
    public void Read_Sglang_FindsGaugesAndCounters()
    {
        var reading = Read(Sglang, "SGLang");

        (reading.Waiting, reading.Running, reading.KVCacheUsage, reading.CacheHitRate, reading.UncachedQueuedTokens).Should().Be((2, 7, 0.52, 0.28, null));
        var counters = reading.Counters;
        (counters.PromptTokens, counters.CacheQueries, counters.CacheHits, counters.PromptLengths, counters.Prompts).Should().Be((4000, 4000, 1000, 4000, 8));
        counters.TimeToFirstToken!.Quantile(0.5).Should().BeApproximately(0.1, 1e-9);
    }

    [Fact]
    public void Read_PageOfAnotherRuntime_IsUnknownAndNotIdle() =>
        FluentActions.Invoking(() => Read(Sglang, "VLLM")).Should().Throw<FormatException>().WithMessage("vllm:num_requests_waiting is missing");

    private static ReplicaReading Read(string page, string? dialect) => ServingMetricsReader.Read(PrometheusTextParser.Parse(page), ReplicaMetricNames.Of(dialect));
}
