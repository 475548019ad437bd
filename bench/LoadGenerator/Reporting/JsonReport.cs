using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator.Reporting;

/// <summary>The result as JSON, with the keys of vLLM's <c>bench serve --save-result</c> where it has them, so that the same scripts read both.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Render(BenchmarkSummary summary, ServeOptions options, string model)
    {
        var json = new JsonObject
        {
            ["backend"] = "openai-compatible",
            ["endpoint"] = options.Endpoint,
            ["model_id"] = model,
            ["num_prompts"] = summary.Completed + summary.Failed,
            ["request_rate"] = double.IsFinite(options.RequestRate) ? options.RequestRate : "inf",
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
        };
        Add(json, "ttft", summary.TimeToFirstToken);
        Add(json, "tpot", summary.TimePerOutputToken);
        Add(json, "itl", summary.InterTokenLatency);
        Add(json, "e2el", summary.EndToEnd);
        json["errors"] = new JsonArray([.. summary.Errors.Select(e => (JsonNode)new JsonObject { ["message"] = e.Message, ["count"] = e.Count })]);
        return json.ToJsonString(Indented);
    }

    private static void Add(JsonObject json, string name, Distribution distribution)
    {
        json[$"mean_{name}_ms"] = distribution.Mean;
        json[$"median_{name}_ms"] = distribution.Median;
        json[$"std_{name}_ms"] = distribution.StandardDeviation;
        json[$"p90_{name}_ms"] = distribution.P90;
        json[$"p95_{name}_ms"] = distribution.P95;
        json[$"p99_{name}_ms"] = distribution.P99;
    }
}
