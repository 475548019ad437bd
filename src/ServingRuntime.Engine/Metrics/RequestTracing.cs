using System.Diagnostics;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Metrics;

/// <summary>
/// The spans of a request: <c>llm_request</c> under the caller's, and under it queue, prefill and decode with an event an engine step. They are made when the
/// request has ended, by its caller's thread, from times that are taken anyway: the engine's thread knows nothing of them. Attributes are vLLM's
/// (<c>vllm/tracing.py</c>). Never a text.
/// </summary>
public sealed class RequestTracing : IDisposable
{
    public const string SourceName = "Octavo.ServingRuntime.Engine";

    /// <summary>Steps told of one answer; later ones are only counted.</summary>
    internal const int MostSteps = 128;

    private readonly ActivitySource source = new(SourceName);
    private readonly string modelName;
    private readonly TimeProvider timeProvider;

    internal RequestTracing(string modelName, TimeProvider timeProvider)
    {
        this.modelName = modelName;
        this.timeProvider = timeProvider;
    }

    /// <summary>Whether anybody listens.</summary>
    internal bool IsEnabled => source.HasListeners();

    public void Dispose() => source.Dispose();

    internal void Record(GenerationRequest request, IReadOnlyList<AnswerInProgress> answers)
    {
        // The web server's own span is not exported, so it must not become the parent: without a caller's span this one is the root.
        var ambient = Activity.Current;
        Activity.Current = null;
        try
        {
            var first = answers[0].Timings;
            var end = answers.Max(a => a.Timings.End);
            using var root = source.StartActivity(ActivityKind.Server, request.TraceParent, startTime: At(first.Arrival), name: "llm_request");
            if (root is null)
            {
                return;
            }

            Describe(root, request, answers, end);
            if (first.Scheduled > 0)
            {
                Span(root, "llm_request.queue", first.Arrival, first.Scheduled)?.Dispose();
            }

            foreach (var answer in answers)
            {
                Stages(root, answer.Timings);
            }

            root.SetEndTime(At(end).UtcDateTime);
        }
        finally
        {
            Activity.Current = ambient;
        }
    }

    private void Stages(Activity root, RequestTimings timings)
    {
        if (timings.Scheduled == 0)
        {
            return;
        }

        Span(root, "llm_request.prefill", timings.Scheduled, timings.FirstToken > 0 ? timings.FirstToken : timings.End)?.Dispose();
        if (timings.FirstToken == 0)
        {
            return;
        }

        using var decode = Span(root, "llm_request.decode", timings.FirstToken, timings.LastToken);
        foreach (var (step, timestamp, tokens) in timings.Steps ?? [])
        {
            decode?.AddEvent(new ActivityEvent("engine.step", At(timestamp), new ActivityTagsCollection { ["octavo.step"] = step, ["octavo.tokens"] = tokens }));
        }
    }

    private Activity? Span(Activity root, string name, long from, long to)
    {
        var span = source.StartActivity(ActivityKind.Internal, root.Context, startTime: At(from), name: name);
        span?.SetEndTime(At(to).UtcDateTime);
        return span;
    }

    private void Describe(Activity root, GenerationRequest request, IReadOnlyList<AnswerInProgress> answers, long end)
    {
        var first = answers[0].Timings;
        var reasons = answers.Select(a => a.Timings.Reason.ToString()!.ToLowerInvariant()).Distinct(StringComparer.Ordinal).ToArray();
        root.SetTag("gen_ai.request.id", request.RequestId)
            .SetTag("gen_ai.response.model", modelName)
            .SetTag("gen_ai.request.n", request.N)
            .SetTag("gen_ai.request.max_tokens", request.SamplingParams.MaxTokens)
            .SetTag("gen_ai.request.temperature", request.SamplingParams.Temperature)
            .SetTag("gen_ai.request.top_p", request.SamplingParams.TopP)
            .SetTag("gen_ai.usage.prompt_tokens", request.PromptTokenIds.Count)
            .SetTag("gen_ai.usage.completion_tokens", answers.Sum(a => a.Timings.Generated))
            .SetTag("octavo.usage.cached_tokens", first.Cached)
            .SetTag("gen_ai.response.finish_reasons", reasons)
            .SetTag("gen_ai.latency.e2e", Seconds(first.Arrival, end));
        if (request.Tenant is { } tenant)
        {
            root.SetTag("octavo.tenant", tenant);
        }

        if (request.ClientRequestId is { } client)
        {
            root.SetTag("http.request.header.x-request-id", client);
        }

        if (first.Scheduled > 0)
        {
            root.SetTag("gen_ai.latency.time_in_queue", Seconds(first.Arrival, first.Scheduled));
        }

        if (first.FirstToken > 0)
        {
            root.SetTag("gen_ai.latency.time_to_first_token", Seconds(first.Arrival, first.FirstToken))
                .SetTag("gen_ai.latency.time_in_model_prefill", Seconds(first.Scheduled, first.FirstToken))
                .SetTag("gen_ai.latency.time_in_model_decode", Seconds(first.FirstToken, first.LastToken))
                .SetTag("gen_ai.latency.time_in_model_inference", Seconds(first.Scheduled, first.LastToken));
        }

        if (answers.Any(a => a.Timings.Reason is FinishReason.Error or FinishReason.Abort))
        {
            root.SetStatus(ActivityStatusCode.Error, string.Join(',', reasons));
        }
    }

    private double Seconds(long from, long to) => timeProvider.GetElapsedTime(from, to).TotalSeconds;

    private DateTimeOffset At(long timestamp) => timeProvider.GetUtcNow() - timeProvider.GetElapsedTime(timestamp);
}
