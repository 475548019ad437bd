namespace Octavo.LoadGenerator.Metrics;

/// <summary>What the server's own metrics say of the run: differences of counters between its beginning and its end. Null: it does not tell.</summary>
internal sealed record ServerReport
{
    /// <summary>In tokens.</summary>
    public double? PrefixCacheQueries { get; init; }
    public double? PrefixCacheHits { get; init; }
    public double? Preemptions { get; init; }
    public double? RecomputedTokens { get; init; }

    /// <summary>Mean over the requests that ended.</summary>
    public double? MeanQueueSeconds { get; init; }

    /// <summary>Mean of the tokens that one engine step computed.</summary>
    public double? MeanStepTokens { get; init; }

    public double? DraftTokens { get; init; }
    public double? AcceptedTokens { get; init; }

    /// <summary>Processor time of the server.</summary>
    public double? CpuSeconds { get; init; }

    public IReadOnlyList<ServerSample> Samples { get; init; } = [];

    public double? PrefixCacheHitRate => PrefixCacheQueries > 0 ? PrefixCacheHits / PrefixCacheQueries : null;

    public double? PeakKVCacheUsage => Samples.Count > 0 ? Samples.Max(s => s.KVCacheUsage) : null;

    public static ServerReport Between(Exposition before, Exposition after, IReadOnlyList<ServerSample> samples)
    {
        return new ServerReport
        {
            PrefixCacheQueries = Difference("vllm:prefix_cache_queries_total"),
            PrefixCacheHits = Difference("vllm:prefix_cache_hits_total"),
            Preemptions = Difference("vllm:num_preemptions_total"),
            RecomputedTokens = Difference("octavo_recomputed_tokens_total"),
            MeanQueueSeconds = Mean("vllm:request_queue_time_seconds"),
            MeanStepTokens = Mean("vllm:iteration_tokens_total"),
            DraftTokens = Difference("vllm:spec_decode_num_draft_tokens_total"),
            AcceptedTokens = Difference("vllm:spec_decode_num_accepted_tokens_total"),
            CpuSeconds = Difference("process_cpu_seconds_total"),
            Samples = samples,
        };

        // A series that the run itself has begun was zero before.
        double? Difference(string name) => after.Sum(name) - (before.Sum(name) ?? 0);

        double? Mean(string name) => Difference(name + "_count") is > 0 and var count ? Difference(name + "_sum") / count : null;
    }
}
