using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// The engine as many callers see it. One thread of its own (<see cref="EngineThread"/>) owns the engine core; callers submit to it, read their outputs from
/// a mailbox each, and turn tokens into text on their own time: what has gathered meanwhile comes as one output. A caller that stops reading aborts its request.
/// </summary>
public sealed partial class AsyncLlm : IAsyncDisposable
{
    /// <summary>A device that does not answer shows as an engine that does not move.</summary>
    private static readonly TimeSpan DeviceCheckTimeout = TimeSpan.FromSeconds(1);
    private readonly EngineThread engine;
    private readonly Tokenizer tokenizer;
    private readonly AsyncLlmOptions options;
    private readonly EngineMetrics metrics;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly Admission admission;
    private readonly RequestTracing tracing;
    private readonly ConcurrentDictionary<string, RunningRequest> running = new(StringComparer.Ordinal);

    /// <param name="core">Disposed with this, unless the options say otherwise.</param>
    /// <param name="tokenizer">For the texts.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="metrics">Where latencies and counts go.</param>
    /// <param name="timeProvider">Clock.</param>
    /// <param name="logger">Log.</param>
    public AsyncLlm(IEngineCore core, Tokenizer tokenizer, AsyncLlmOptions options, EngineMetrics metrics, TimeProvider timeProvider, ILogger logger)
    {
        this.tokenizer = tokenizer;
        this.options = options;
        this.metrics = metrics;
        this.timeProvider = timeProvider;
        this.logger = logger;
        HiddenSize = core.HiddenSize;
        admission = new Admission(options);
        tracing = new RequestTracing(metrics.ModelName, timeProvider);
        engine = new EngineThread(core, options.OwnsCore, metrics, timeProvider, logger);
        metrics.Attach(() => engine.Stats);
        metrics.AttachHealth(core.Device, () => IsHealthy, () => Failure);
        engine.Start();
    }

    /// <summary>Dimensions of an embedding that is not cut.</summary>
    public int HiddenSize { get; }

    /// <summary>Requests that have been accepted and not yet answered, answers of one request counted singly.</summary>
    public int InFlight => admission.InFlight;

    public bool IsDraining => admission.IsDraining;

    /// <summary>Whether the engine lives and, where it has work, moves.</summary>
    public bool IsHealthy => engine.IsHealthy(options.StallTimeout);

    /// <summary>What ended the engine; null while it lives.</summary>
    public Exception? Failure => engine.Failure;

    /// <summary>Ends when the engine fails, with the reason; no request is answered any more then.</summary>
    public Task<Exception> Failed => engine.Failed;

    /// <summary>Of all requests since the start.</summary>
    public long PromptTokensTotal => metrics.PromptTokensTotal;

    /// <summary>Of all requests since the start.</summary>
    public long GenerationTokensTotal => metrics.GenerationTokensTotal;

    /// <summary>After the last step.</summary>
    public EngineStats Stats => engine.Stats;

    /// <summary>What is in flight now, oldest first.</summary>
    public IReadOnlyList<LiveRequest> LiveRequests => [.. running.Values.Select(r => r.Describe(timeProvider)).OrderByDescending(r => r.Age)];

    /// <summary>Runs a request; its answers' outputs come interleaved. Ends after the last answer's finish reason; leaving early aborts.</summary>
    /// <exception cref="RequestRejectedException">Thrown by the first read: the queue is full, or the server drains.</exception>
    /// <exception cref="DeadlineExceededException">The request's deadline passed before its last token.</exception>
    /// <exception cref="EngineDeadException">The engine has failed, before or while it ran the request.</exception>
    public async IAsyncEnumerable<RequestOutput> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var run = Enter(request, cancellationToken);
        try
        {
            Submit(run);
            for (var remaining = request.N; remaining > 0;)
            {
                Read(run, await NextAsync(run, cancellationToken));
                foreach (var answer in run.Answers)
                {
                    if (answer.HasNews)
                    {
                        answer.HasNews = false;
                        remaining -= answer.Finished ? 1 : 0;
                        yield return answer.Processor.Take(answer.Finished ? answer.Timings.Summarize() : null);
                    }
                }
            }
        }
        finally
        {
            End(run);
        }
    }

    /// <summary>The embedding of a prompt; the request's <see cref="GenerationRequest.Pooling"/> says how.</summary>
    /// <exception cref="InvalidRequestException">The engine refuses it; the message says why.</exception>
    /// <exception cref="InvalidOperationException">What the model computed are not numbers.</exception>
    /// <exception cref="RequestRejectedException">The queue is full, or the server drains.</exception>
    /// <exception cref="DeadlineExceededException">The request's deadline passed.</exception>
    /// <exception cref="EngineDeadException">The engine has failed, before or while it ran the request.</exception>
    public async Task<EmbeddingOutput> EmbedAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request.Pooling);
        using var run = Enter(request, cancellationToken);
        try
        {
            Submit(run);
            while (true)
            {
                foreach (var produced in await NextAsync(run, cancellationToken))
                {
                    NoteStarted(run, run.Answers[0], produced);
                    if (produced.Output.FinishReason is not { } reason)
                    {
                        continue;
                    }

                    if (reason is not (FinishReason.Abort or FinishReason.Error))
                    {
                        run.Answers[0].Timings.RecordStart(produced);
                    }

                    Finish(run, run.Answers[0], reason, produced);
                    return produced.Output.Embedding is { } vector ? new EmbeddingOutput(vector, produced.Output.NumCachedTokens)
                        : reason == FinishReason.Abort && request.Deadline <= produced.Timestamp ? throw new DeadlineExceededException()
                        : produced.Output.IsCorrupted ? throw new InvalidOperationException(produced.Output.ErrorMessage)
                        : reason == FinishReason.Abort ? throw new RequestRejectedException(RejectionReason.Draining, TimeSpan.FromSeconds(1))
                        : throw new InvalidRequestException(produced.Output.ErrorMessage ?? "the engine gave no embedding", "input");
                }
            }
        }
        finally
        {
            End(run);
        }
    }

    /// <summary><see cref="IsHealthy"/>, after an idle engine has asked its device: one that is lost is so without any request, too. Waits no longer than a second.</summary>
    public async Task<bool> CheckHealthAsync(CancellationToken cancellationToken)
    {
        await engine.CheckDeviceAsync().WaitAsync(DeviceCheckTimeout, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return IsHealthy;
    }

    /// <summary>Turns new requests away and waits for those in flight; what is left after the timeout is aborted.</summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        var idle = admission.Drain();
        LogDraining(InFlight, timeout.TotalSeconds);
        try
        {
            await idle.WaitAsync(timeout, timeProvider);
        }
        catch (TimeoutException)
        {
            LogDrainTimeout(InFlight);
            engine.AbortAll();
        }
    }

    /// <summary>Turns new requests away until <see cref="Resume"/>; those in flight go on.</summary>
    public void Cordon() => _ = admission.Drain();

    public void Resume() => admission.Resume();

    /// <summary>Empties the prefix cache, between two steps.</summary>
    /// <exception cref="EngineDeadException">The engine has failed.</exception>
    public Task ResetPrefixCacheAsync() => engine.ResetPrefixCacheAsync();

    public async ValueTask DisposeAsync()
    {
        await engine.StopAsync();
        tracing.Dispose();
    }

    private static EngineCoreRequest CoreRequest(GenerationRequest request, string id, int index, string forkOf) => new()
    {
        RequestId = id,
        PromptTokenIds = request.PromptTokenIds,
        // Answers of one request with a seed differ, and each can be had again.
        SamplingParams = request.SamplingParams.Seed is { } seed && index > 0 ? request.SamplingParams with { Seed = seed + index } : request.SamplingParams,
        EosTokenIds = request.EosTokenIds,
        Priority = request.Priority,
        CacheSalt = request.CacheSalt,
        Tenant = request.Tenant,
        Deadline = request.Deadline,
        Constraint = request.Constraint,
        Pooling = request.Pooling,
        ForkOf = index > 0 ? forkOf : null,
        ArrivalTimestamp = request.ArrivalTimestamp,
    };

    private RunningRequest Enter(GenerationRequest request, CancellationToken cancellationToken)
    {
        if (engine.Failure is { } failure)
        {
            throw new EngineDeadException(failure);
        }

        var traced = tracing.IsEnabled;
        var answers = new AnswerInProgress[request.N];
        for (var i = 0; i < request.N; i++)
        {
            answers[i] = new AnswerInProgress(
                request.N == 1 ? request.RequestId : $"{request.RequestId}-{i}", new OutputProcessor(tokenizer, request, i),
                new RequestTimings(request.PromptTokenIds.Count, request.ArrivalTimestamp, traced, metrics, timeProvider));
        }

        try
        {
            admission.Enter(request.PromptTokenIds.Count, request.N);
        }
        catch (RequestRejectedException e)
        {
            metrics.RecordRejection(e.Reason);
            throw;
        }

        if (request.Pooling is null)
        {
            metrics.RecordParams(request.N, request.SamplingParams.MaxTokens);
        }

        var run = new RunningRequest(request, answers, timeProvider, cancellationToken);
        running.TryAdd(request.RequestId, run);
        return run;
    }

    private void Submit(RunningRequest run)
    {
        for (var i = 0; i < run.Answers.Count; i++)
        {
            engine.Add(CoreRequest(run.Request, run.Answers[i].Id, i, run.Answers[0].Id), i, run.Mailbox);
        }
    }

    /// <summary>What has come since the last call; waits where that is nothing.</summary>
    private static async ValueTask<ArraySegment<EngineEvent>> NextAsync(RunningRequest run, CancellationToken cancellationToken)
    {
        while (true)
        {
            await run.Mailbox.WaitAsync();
            cancellationToken.ThrowIfCancellationRequested();
            var batch = run.Mailbox.Take();
            if (batch.Count > 0)
            {
                return batch;
            }

            if (run.Mailbox.End is { } end)
            {
                throw end is EngineDeadException ? new EngineDeadException(end.InnerException) : end;
            }
        }
    }

    private void Read(RunningRequest run, ArraySegment<EngineEvent> batch)
    {
        foreach (ref readonly var produced in batch.AsSpan())
        {
            var answer = run.Answers[produced.Index];
            if (answer.Finished)
            {
                continue;
            }

            if (produced.Output.FinishReason == FinishReason.Abort && run.Request.Deadline <= produced.Timestamp)
            {
                throw new DeadlineExceededException();
            }

            NoteStarted(run, answer, produced);
            answer.Processor.Append(produced.Output);
            answer.HasNews = true;
            if (produced.Output.NewTokenId is not null)
            {
                run.NoteToken();
                answer.Timings.RecordToken(produced);
            }

            if (answer.Processor.StoppedByString)
            {
                engine.Abort(answer.Id);
            }

            if (answer.Processor.FinishReason is { } reason)
            {
                Finish(run, answer, reason, produced);
            }
        }
    }

    private void NoteStarted(RunningRequest run, AnswerInProgress answer, in EngineEvent produced)
    {
        if (!answer.Started)
        {
            answer.Started = true;
            var scheduled = produced.Output.FirstScheduledTimestamp;
            admission.NoteStarted(run.Request.PromptTokenIds.Count, scheduled > 0 ? timeProvider.GetElapsedTime(run.Request.ArrivalTimestamp, scheduled) : null);
        }
    }

    private void Finish(RunningRequest run, AnswerInProgress answer, FinishReason reason, in EngineEvent produced)
    {
        if (produced.Output.IsCorrupted)
        {
            metrics.RecordCorrupted();
        }

        Finish(run, answer, reason, produced.Timestamp);
    }

    private void Finish(RunningRequest run, AnswerInProgress answer, FinishReason reason, long now)
    {
        answer.Finished = true;
        answer.Timings.Finish(reason, now);
        if (!answer.Started)
        {
            admission.NoteStarted(run.Request.PromptTokenIds.Count, null);
        }

        admission.Leave();
    }

    /// <summary>Runs once whatever happened: what has not finished is aborted.</summary>
    private void End(RunningRequest run)
    {
        foreach (var answer in run.Answers)
        {
            if (!answer.Finished)
            {
                engine.Abort(answer.Id);
                Finish(run, answer, FinishReason.Abort, timeProvider.GetTimestamp());
            }
        }

        running.TryRemove(KeyValuePair.Create(run.Request.RequestId, run));
        if (run.Request.Pooling is null)
        {
            metrics.RecordMostGenerated(run.Answers.Max(a => a.Timings.Generated));
        }

        if (tracing.IsEnabled)
        {
            tracing.Record(run.Request, run.Answers);
        }

        LogFinished(run);
    }

    private void LogFinished(RunningRequest run)
    {
        if (!logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        var first = run.Answers[0].Timings;
        var summary = first.Summarize();
        LogFinished(
            run.Request.RequestId, run.Request.ClientRequestId ?? "-", run.Request.Tenant ?? "-", run.Request.PromptTokenIds.Count, first.Cached, run.Answers.Sum(a => a.Timings.Generated),
            string.Join(',', run.Answers.Select(a => a.Timings.Reason).Distinct()), summary.QueueTime.TotalMilliseconds, summary.TimeToFirstToken?.TotalMilliseconds ?? 0,
            timeProvider.GetElapsedTime(first.Arrival, run.Answers.Max(a => a.Timings.End)).TotalMilliseconds);
    }

    [LoggerMessage(Level = LogLevel.Information, Message =
        "Request {RequestId} ended: client id {ClientRequestId}, tenant {Tenant}, {PromptTokens} prompt tokens ({CachedTokens} cached), {GeneratedTokens} generated, {FinishReason}; "
        + "queue {QueueMilliseconds:F1} ms, first token {FirstTokenMilliseconds:F1} ms, all {TotalMilliseconds:F1} ms")]
    private partial void LogFinished(
        string requestId, string clientRequestId, string tenant, int promptTokens, int cachedTokens, int generatedTokens, string finishReason, double queueMilliseconds,
        double firstTokenMilliseconds, double totalMilliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {InFlight} requests in flight, waiting up to {Seconds} s")]
    private partial void LogDraining(int inFlight, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Draining took too long: aborting {InFlight} requests")]
    private partial void LogDrainTimeout(int inFlight);
}
