using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Metrics;

/// <summary>When the stages of one answer were, and their recording.</summary>
internal sealed class RequestTimings(GenerationRequest request, EngineMetrics metrics, TimeProvider timeProvider)
{
    private long scheduled;
    private long first;
    private long last;
    private int generated;

    public void Record(RequestOutput output, EngineEvent produced)
    {
        if (output.NewTokenIds.Count > 0)
        {
            RecordTokens(output.NewTokenIds.Count, produced);
        }

        if (output.FinishReason is { } reason)
        {
            Finish(reason, produced.Timestamp);
        }
    }

    public void RecordAbort() => Finish(FinishReason.Abort, timeProvider.GetTimestamp());

    private void RecordTokens(int count, EngineEvent produced)
    {
        generated += count;
        metrics.RecordGenerated(count);
        if (first == 0)
        {
            first = produced.Timestamp;
            scheduled = produced.Output.FirstScheduledTimestamp > 0 ? produced.Output.FirstScheduledTimestamp : request.ArrivalTimestamp;
            metrics.RecordPrompt(request.PromptTokenIds.Count);
            metrics.Record(metrics.TimeToFirstToken, timeProvider.GetElapsedTime(request.ArrivalTimestamp, first));
        }
        else
        {
            metrics.Record(metrics.InterTokenLatency, timeProvider.GetElapsedTime(last, produced.Timestamp));
        }

        last = produced.Timestamp;
    }

    private void Finish(FinishReason reason, long now)
    {
        metrics.RecordFinished(reason, request.PromptTokenIds.Count, generated);
        metrics.Record(metrics.EndToEndLatency, timeProvider.GetElapsedTime(request.ArrivalTimestamp, now));
        if (first > 0)
        {
            metrics.Record(metrics.QueueTime, timeProvider.GetElapsedTime(request.ArrivalTimestamp, scheduled));
            metrics.Record(metrics.PrefillTime, timeProvider.GetElapsedTime(scheduled, first));
            metrics.Record(metrics.DecodeTime, timeProvider.GetElapsedTime(first, last));
            metrics.Record(metrics.InferenceTime, timeProvider.GetElapsedTime(scheduled, last));
        }
    }
}
