using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Metrics;

/// <summary>When the stages of one answer were, and their recording. All times in <see cref="TimeProvider.GetTimestamp"/> units; 0: not yet.</summary>
internal sealed class RequestTimings(int promptTokens, long arrival, bool traced, EngineMetrics metrics, TimeProvider timeProvider)
{
    /// <summary>The steps that gave tokens, the first of them, where traced.</summary>
    public List<(long Step, long Timestamp, int Tokens)>? Steps { get; } = traced ? [] : null;

    public long Arrival => arrival;

    public long Scheduled { get; private set; }

    public long FirstToken { get; private set; }

    public long LastToken { get; private set; }

    /// <summary>When it ended, tokens or not.</summary>
    public long End { get; private set; }

    public int Generated { get; private set; }

    public int Cached { get; private set; }

    public FinishReason? Reason { get; private set; }

    /// <summary>A token came. Tokens of one step count as one event for the time between tokens, as vLLM's do.</summary>
    public void RecordToken(in EngineEvent produced)
    {
        Generated++;
        metrics.RecordGenerated(1);
        if (FirstToken == 0)
        {
            RecordStart(produced);
            FirstToken = produced.Timestamp;
            metrics.Record(metrics.TimeToFirstToken, timeProvider.GetElapsedTime(arrival, FirstToken));
        }
        else if (produced.Timestamp != LastToken)
        {
            metrics.Record(metrics.InterTokenLatency, timeProvider.GetElapsedTime(LastToken, produced.Timestamp));
        }

        LastToken = produced.Timestamp;
        if (Steps is { } steps)
        {
            RecordStep(steps, produced);
        }
    }

    private static void RecordStep(List<(long Step, long Timestamp, int Tokens)> steps, in EngineEvent produced)
    {
        if (steps.Count > 0 && steps[^1].Step == produced.Step)
        {
            steps[^1] = steps[^1] with { Tokens = steps[^1].Tokens + 1 };
        }
        else if (steps.Count < RequestTracing.MostSteps)
        {
            steps.Add((produced.Step, produced.Timestamp, 1));
        }
    }

    /// <summary>The prompt has been computed. Done by the first token; an embedding has none.</summary>
    public void RecordStart(in EngineEvent produced)
    {
        Scheduled = produced.Output.FirstScheduledTimestamp > 0 ? produced.Output.FirstScheduledTimestamp : arrival;
        Cached = Math.Min(produced.Output.NumCachedTokens, promptTokens);
        metrics.RecordPrompt(promptTokens, Cached, Math.Min(produced.Output.NumTierTokens, Cached));
    }

    /// <summary>The answer has ended. Once.</summary>
    public void Finish(FinishReason reason, long now)
    {
        Reason = reason;
        End = now;
        metrics.RecordFinished(reason, promptTokens, Generated);
        metrics.Record(metrics.EndToEndLatency, timeProvider.GetElapsedTime(arrival, now));
        if (Scheduled > 0)
        {
            var last = FirstToken > 0 ? LastToken : now;
            metrics.Record(metrics.QueueTime, timeProvider.GetElapsedTime(arrival, Scheduled));
            metrics.Record(metrics.PrefillTime, timeProvider.GetElapsedTime(Scheduled, FirstToken > 0 ? FirstToken : now));
            metrics.Record(metrics.InferenceTime, timeProvider.GetElapsedTime(Scheduled, last));
        }

        if (FirstToken > 0)
        {
            metrics.Record(metrics.DecodeTime, timeProvider.GetElapsedTime(FirstToken, LastToken));
        }

        if (Generated > 1)
        {
            metrics.Record(metrics.TimePerOutputToken, timeProvider.GetElapsedTime(FirstToken, LastToken) / (Generated - 1));
        }
    }

    public RequestMetrics Summarize() => new(
        timeProvider.GetElapsedTime(arrival, Scheduled > 0 ? Scheduled : End),
        FirstToken > 0 ? timeProvider.GetElapsedTime(arrival, FirstToken) : null,
        FirstToken > 0 ? timeProvider.GetElapsedTime(FirstToken, LastToken) : TimeSpan.Zero,
        Generated);
}
