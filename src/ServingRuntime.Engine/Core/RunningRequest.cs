using Octavo.ServingRuntime.Engine.Metrics;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A request between admission and its last output: its mailbox, its answers, its deadline and its caller's cancellation. Used by its one caller; what others look at is volatile.</summary>
internal sealed class RunningRequest : IDisposable
{
    private readonly CancellationTokenRegistration cancellation;
    private readonly ITimer? expiry;
    private volatile int generated;
    private volatile bool started;

    /// <param name="request">The request.</param>
    /// <param name="answers">Its answers.</param>
    /// <param name="timeProvider">Clock.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public RunningRequest(GenerationRequest request, IReadOnlyList<AnswerInProgress> answers, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        Request = request;
        Mailbox = new OutputMailbox(Math.Max(1, request.StreamInterval));
        Answers = answers;
        cancellation = cancellationToken.UnsafeRegister(
            static (state, token) => ((OutputMailbox)state!).Close(new OperationCanceledException(token)), Mailbox);
        if (request.Deadline is { } deadline)
        {
            // The engine looks at deadlines between steps; this one holds for a stuck engine, too.
            var left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), deadline);
            expiry = timeProvider.CreateTimer(
                static state => ((OutputMailbox)state!).Close(new DeadlineExceededException()), Mailbox, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public GenerationRequest Request { get; }

    public IReadOnlyList<AnswerInProgress> Answers { get; }

    public OutputMailbox Mailbox { get; }

    public void NoteToken()
    {
        started = true;
        generated++;
    }

    public LiveRequest Describe(TimeProvider timeProvider) => new(
        Request.RequestId, Request.ClientRequestId, Request.Tenant, started ? "running" : "queued", Request.PromptTokenIds.Count, Request.N, generated,
        timeProvider.GetElapsedTime(Request.ArrivalTimestamp));

    public void Dispose()
    {
        cancellation.Dispose();
        expiry?.Dispose();
    }
}

/// <summary>One answer while its outputs come.</summary>
/// <param name="Id">The engine's id of it.</param>
/// <param name="Processor">Makes its text.</param>
/// <param name="Timings">Its times.</param>
internal sealed record AnswerInProgress(string Id, OutputProcessor Processor, RequestTimings Timings)
{
    /// <summary>Whether it no longer counts as waiting.</summary>
    public bool Started { get; set; }

    public bool Finished { get; set; }

    /// <summary>Whether it has news that the caller has not got.</summary>
    public bool HasNews { get; set; }
}
