using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// The engine as many callers see it. One thread of its own (<see cref="EngineThread"/>) owns the engine core; callers submit to it and read their outputs from
/// a channel each, and turn tokens into text on their own time. A caller that stops reading aborts its request.
/// </summary>
public sealed partial class AsyncLlm : IAsyncDisposable
{
    private readonly EngineThread engine;
    private readonly Tokenizer tokenizer;
    private readonly AsyncLlmOptions options;
    private readonly EngineMetrics metrics;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource idleWhileDraining = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int inFlight;
    private int unstarted;
    private long unstartedTokens;
    private TimeSpan lastQueueTime;
    private bool draining;

    /// <param name="core">Owned, and disposed with this.</param>
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
        engine = new EngineThread(core, metrics, timeProvider, logger);
        metrics.Attach(() => engine.Stats);
        engine.Start();
    }

    /// <summary>Requests that have been accepted and not yet answered, answers of one request counted singly.</summary>
    public int InFlight
    {
        get
        {
            lock (gate)
            {
                return inFlight;
            }
        }
    }

    public bool IsDraining
    {
        get
        {
            lock (gate)
            {
                return draining;
            }
        }
    }

    /// <summary>Whether the engine lives and, where it has work, moves.</summary>
    public bool IsHealthy => engine.IsHealthy(options.StallTimeout);

    /// <summary>Runs a request; its answers' outputs come interleaved. Ends after the last answer's finish reason; leaving early aborts.</summary>
    /// <exception cref="RequestRejectedException">Thrown by the first read: the queue is full, or the server drains.</exception>
    /// <exception cref="EngineDeadException">The engine has failed, before or while it ran the request.</exception>
    public async IAsyncEnumerable<RequestOutput> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ids = Enumerable.Range(0, request.N).Select(i => request.N == 1 ? request.RequestId : $"{request.RequestId}-{i}").ToArray();
        var answers = ids.Select((_, i) => new Answer(new OutputProcessor(tokenizer, request, i), new RequestTimings(request, metrics, timeProvider))).ToArray();
        var outputs = Channel.CreateUnbounded<EngineEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Admit(request);
        try
        {
            for (var i = 0; i < request.N; i++)
            {
                engine.Add(CoreRequest(request, ids[i], i, ids[0]), i, outputs.Writer);
            }

            for (var remaining = request.N; remaining > 0;)
            {
                var produced = await ReadAsync(outputs.Reader, cancellationToken);
                var answer = answers[produced.Index];
                if (answer.Finished)
                {
                    continue;
                }

                NoteStarted(request, answer, produced);
                var output = answer.Processor.Process(produced.Output);
                if (answer.Processor.StoppedByString)
                {
                    engine.Abort(ids[produced.Index]);
                }

                answer.Timings.Record(output, produced);
                if (output.FinishReason is not null)
                {
                    remaining--;
                    answer.Finished = true;
                    Leave(request, answer);
                }

                yield return output;
            }
        }
        finally
        {
            for (var i = 0; i < request.N; i++)
            {
                if (!answers[i].Finished)
                {
                    engine.Abort(ids[i]);
                    answers[i].Timings.RecordAbort();
                    Leave(request, answers[i]);
                    if (cancellationToken.IsCancellationRequested)
                    {
                        LogAborted(ids[i]);
                    }
                }
            }
        }
    }

    /// <summary>Turns new requests away and waits for those in flight; what is left after the timeout is aborted.</summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        lock (gate)
        {
            draining = true;
            if (inFlight == 0)
            {
                idleWhileDraining.TrySetResult();
            }
        }

        LogDraining(InFlight, timeout.TotalSeconds);
        try
        {
            await idleWhileDraining.Task.WaitAsync(timeout, timeProvider);
        }
        catch (TimeoutException)
        {
            LogDrainTimeout(InFlight);
            engine.AbortAll();
        }
    }

    public async ValueTask DisposeAsync() => await engine.StopAsync();

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
        ForkOf = index > 0 ? forkOf : null,
        ArrivalTimestamp = request.ArrivalTimestamp,
    };

    private static async ValueTask<EngineEvent> ReadAsync(ChannelReader<EngineEvent> reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw e.InnerException as EngineDeadException ?? new EngineDeadException(e);
        }
    }

    private void Admit(GenerationRequest request)
    {
        if (engine.Failure is { } failure)
        {
            throw new EngineDeadException(failure);
        }

        lock (gate)
        {
            var tokens = (long)request.PromptTokenIds.Count * request.N;
            var started = inFlight - unstarted;
            var mustWait = Math.Max(0, unstarted + request.N - Math.Max(0, options.MaxNumSeqs - started));
            RejectionReason? reason = draining ? RejectionReason.Draining
                : mustWait > options.MaxQueuedRequests ? RejectionReason.QueueFull
                : unstarted > 0 && unstartedTokens + tokens > options.MaxQueuedTokens ? RejectionReason.QueuedTokens
                : null;
            if (reason is { } why)
            {
                metrics.RecordRejection(why);
                var wait = Math.Clamp(Math.Ceiling(lastQueueTime.TotalSeconds), 1, 30);
                throw new RequestRejectedException(why, TimeSpan.FromSeconds(wait));
            }

            inFlight += request.N;
            unstarted += request.N;
            unstartedTokens += tokens;
        }
    }

    private void NoteStarted(GenerationRequest request, Answer answer, EngineEvent produced)
    {
        if (answer.Started)
        {
            return;
        }

        answer.Started = true;
        lock (gate)
        {
            unstarted--;
            unstartedTokens -= request.PromptTokenIds.Count;
            if (produced.Output.FirstScheduledTimestamp > 0)
            {
                lastQueueTime = timeProvider.GetElapsedTime(request.ArrivalTimestamp, produced.Output.FirstScheduledTimestamp);
            }
        }
    }

    private void Leave(GenerationRequest request, Answer answer)
    {
        lock (gate)
        {
            if (!answer.Started)
            {
                unstarted--;
                unstartedTokens -= request.PromptTokenIds.Count;
            }

            if (--inFlight == 0 && draining)
            {
                idleWhileDraining.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Request {RequestId} was aborted by its caller")]
    private partial void LogAborted(string requestId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {InFlight} requests in flight, waiting up to {Seconds} s")]
    private partial void LogDraining(int inFlight, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Draining took too long: aborting {InFlight} requests")]
    private partial void LogDrainTimeout(int inFlight);

    private sealed record Answer(OutputProcessor Processor, RequestTimings Timings)
    {
        public bool Started { get; set; }

        public bool Finished { get; set; }
    }
}
