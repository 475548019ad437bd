using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Metrics;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Reporting;

/// <summary>
/// A run as JSON, with the keys of vLLM's <c>bench serve --save-result</c> where it has them, so that the same scripts read both. <c>docs/benchmarks.md</c> describes the schema;
/// a key's meaning never changes without a higher <c>schema_version</c>.
/// </summary>
internal static class JsonReport
{
    public const int SchemaVersion = 1;

    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    public static JsonObject Render(RunMeasurement run)
    {
        var (summary, options) = (run.Summary, run.Options);
        var json = new JsonObject
        {
            ["kind"] = "octavo-bench-serve",
            ["schema_version"] = SchemaVersion,
            ["label"] = run.Name,
            ["backend"] = "openai-compatible",
            ["endpoint"] = options.Endpoint,
            ["model_id"] = run.Model,
            ["dataset"] = options.Dataset.ToString().ToLowerInvariant(),
            ["input_len"] = options.InputLen.ToString(),
            ["output_len"] = options.OutputLen.ToString(),
            ["prefix_len"] = options.PrefixLen,
            ["num_prompts"] = summary.Completed + summary.Failed,
            ["request_rate"] = double.IsFinite(options.RequestRate) ? options.RequestRate : "inf",
            ["burstiness"] = options.Burstiness,
            ["burst_size"] = options.BurstSize,
            ["max_concurrency"] = options.MaxConcurrency,
            ["seed"] = options.Seed,
            ["duration"] = summary.DurationSeconds,
            ["completed"] = summary.Completed,
            ["failed"] = summary.Failed,
            ["total_input_tokens"] = summary.InputTokens,
            ["total_cached_tokens"] = summary.CachedTokens,
            ["total_output_tokens"] = summary.OutputTokens,
            ["request_throughput"] = summary.RequestThroughput,
            ["output_throughput"] = summary.OutputThroughput,
            ["total_token_throughput"] = summary.TotalThroughput,
            ["goodput_slo"] = options.Goodput?.ToString(),
            ["request_goodput"] = summary.Goodput,
        };
        Add(json, "ttft", summary.TimeToFirstToken);
        Add(json, "tpot", summary.TimePerOutputToken);
        Add(json, "itl", summary.InterTokenLatency);
        Add(json, "e2el", summary.EndToEnd);
        Add(json, "arrival_ttft", summary.ArrivalTimeToFirstToken);
        Add(json, "arrival_e2el", summary.ArrivalEndToEnd);
        Add(json, "send_delay", summary.SendDelay);
        if (summary.QueueTime.Quantiles.Count > 0)
        {
            Add(json, "queue", summary.QueueTime);
        }

        json["errors"] = new JsonArray([.. summary.Errors.Select(e => (JsonNode)new JsonObject { ["message"] = e.Message, ["count"] = e.Count })]);
        json["error_kinds"] = new JsonObject(summary.ErrorKinds.Select(e => KeyValuePair.Create(e.Kind, (JsonNode?)e.Count)));
        json["client"] = new JsonObject
        {
            ["cpu_seconds"] = run.ClientCpuSeconds,
            ["cpu_share"] = run.ClientCpuShare,
            ["cpu_us_per_token"] = run.ClientCpuMicrosecondsPerToken,
            ["cores"] = Environment.ProcessorCount,
        };
        json["server"] = run.Server is { } server ? Server(server) : null;
        json["timeline"] = new JsonObject
        {
            ["slice_seconds"] = run.Timeline.SliceSeconds,
            ["output_tokens_per_second"] = Numbers(run.Timeline.OutputTokensPerSecond),
            ["in_flight"] = Numbers(run.Timeline.InFlight),
            ["arrivals"] = Numbers(run.Timeline.Arrivals.Select(a => (double)a)),
        };
        json["quantiles_ms"] = new JsonObject
        {
            ["ttft"] = Numbers(summary.TimeToFirstToken.Quantiles),
            ["tpot"] = Numbers(summary.TimePerOutputToken.Quantiles),
            ["itl"] = Numbers(summary.InterTokenLatency.Quantiles),
            ["e2el"] = Numbers(summary.EndToEnd.Quantiles),
        };
        if (options.SaveDetailed)
        {
            AddDetails(json, run);
        }

        return json;
    }

    private static void AddDetails(JsonObject json, RunMeasurement run)
    {
        var requests = run.Results.OrderBy(r => r.ScheduledAt).ToArray();
        json["input_lens"] = Numbers(requests.Select(r => (double)r.PromptTokens));
        json["output_lens"] = Numbers(requests.Select(r => (double)r.OutputTokens));
        json["scheduled_times"] = Numbers(requests.Select(r => r.ScheduledAt));
        json["start_times"] = Numbers(requests.Select(r => r.SentAt));
        json["ttfts"] = Numbers(requests.Select(r => r.TimeToFirstToken));
        json["itls"] = new JsonArray([.. requests.Select(r => (JsonNode)Numbers(r.InterTokenLatencies))]);
        json["e2els"] = Numbers(requests.Select(r => r.EndToEnd));
        json["request_errors"] = new JsonArray([.. requests.Select(r => (JsonNode?)r.Error)]);
    }

    private static JsonObject Server(ServerReport server) => new()
    {
        ["prefix_cache_queries"] = server.PrefixCacheQueries,
        ["prefix_cache_hits"] = server.PrefixCacheHits,
        ["prefix_cache_hit_rate"] = server.PrefixCacheHitRate,
        ["preemptions"] = server.Preemptions,
        ["recomputed_tokens"] = server.RecomputedTokens,
        ["mean_queue_ms"] = server.MeanQueueSeconds * 1000,
        ["mean_step_tokens"] = server.MeanStepTokens,
        ["draft_tokens"] = server.DraftTokens,
        ["accepted_tokens"] = server.AcceptedTokens,
        ["cpu_seconds"] = server.CpuSeconds,
        ["peak_kv_cache_usage"] = server.PeakKVCacheUsage,
        ["samples"] = new JsonObject
        {
            ["seconds"] = Numbers(server.Samples.Select(s => s.Seconds)),
            ["running"] = Numbers(server.Samples.Select(s => s.Running)),
            ["waiting"] = Numbers(server.Samples.Select(s => s.Waiting)),
            ["kv_cache_usage"] = Numbers(server.Samples.Select(s => s.KVCacheUsage)),
        },
    };

    private static void Add(JsonObject json, string name, Distribution distribution)
    {
        json[$"mean_{name}_ms"] = distribution.Mean;
        json[$"median_{name}_ms"] = distribution.Median;
        json[$"std_{name}_ms"] = distribution.StandardDeviation;
        json[$"p90_{name}_ms"] = distribution.P90;
        json[$"p95_{name}_ms"] = distribution.P95;
        json[$"p99_{name}_ms"] = distribution.P99;
        json[$"max_{name}_ms"] = distribution.Max;
    }

    private static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(v => (JsonNode)Math.Round(v, 6))]);
}
