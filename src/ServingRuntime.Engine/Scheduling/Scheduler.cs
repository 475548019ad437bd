using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// vLLM V1's scheduler (<c>vllm/v1/core/sched/scheduler.py</c>): each step gives every request a number of tokens within one budget, and there are no
/// prefill or decode phases. Running requests come first; waiting ones are admitted only when nothing was preempted and all of the prompt fits.
/// When blocks run out the request of lowest priority, and of these the one with least computed, gives its blocks back and is recomputed later.
/// </summary>
public sealed class Scheduler(KVCacheManager cache, EngineOptions options, int maxModelLen, TimeProvider timeProvider)
{
    private readonly List<Request> running = [];
    private readonly RequestQueue waiting = new();
    private readonly SchedulerOutput output = new();
    private readonly int watermarkBlocks = (int)Math.Ceiling(options.AdmissionWatermark * (cache.Pool.NumBlocks - 1));

    public IReadOnlyList<Request> Running => running;

    public int NumWaiting => waiting.Count;

    public long UncachedQueuedTokens => waiting.UncachedTokens;

    public bool HasUnfinishedRequests => running.Count + waiting.Count > 0;

    public long NumPreemptions { get; private set; }

    /// <summary>Tokens computed again after preemptions.</summary>
    public long RecomputedTokens { get; private set; }

    public PrefixCacheStats PrefixCache { get; } = new();

    public void Add(Request request) => waiting.Add(request, request.NumTokens - cache.GetComputedTokens(request));

    /// <summary>Ends a request in whatever state and frees its blocks.</summary>
    public void Finish(Request request)
    {
        if (request.Status == RequestStatus.Running)
        {
            running.Remove(request);
            cache.Free(request, request.NumComputedTokens);
        }
        else
        {
            waiting.Remove(request);
        }

        request.Status = RequestStatus.Finished;
    }

    /// <summary>Slots of running requests' blocks that hold no token yet.</summary>
    public long UnusedSlots()
    {
        long unused = 0;
        for (var i = 0; i < running.Count; i++)
        {
            unused += ((long)running[i].Blocks.Count * cache.BlockSize) - running[i].NumComputedTokens;
        }

        return unused;
    }

    /// <summary>The next step's work. Empty only when there is no request.</summary>
    public SchedulerOutput Schedule()
    {
        output.Clear();
        if (ScheduleRunning(options.MaxNumBatchedTokens, out var budget))
        {
            AdmitWaiting(budget);
        }

        return output;
    }

    /// <summary>Takes in what the step computed and sampled; requests that end free their blocks at once.</summary>
    public void UpdateFromOutput(ModelRunnerOutput result, List<EngineCoreOutput> outputs)
    {
        var sample = 0;
        for (var i = 0; i < output.Requests.Count; i++)
        {
            var scheduled = output.Requests[i];
            var samples = scheduled.Samples;
            scheduled.Request.NumComputedTokens += scheduled.NumTokens - scheduled.NumDraftTokens;
            if (samples)
            {
                TakeTokens(scheduled.Request, result[sample++], outputs);
            }
        }
    }

    private void TakeTokens(Request request, ReadOnlySpan<SampledToken> sampled, List<EngineCoreOutput> outputs)
    {
        if (request.Pooling is { Embedding: { } embedding })
        {
            Finish(request);
            outputs.Add(NewOutput(request) with { Embedding = embedding, FinishReason = FinishReason.Stop });
            return;
        }

        for (var i = 0; i < sampled.Length; i++)
        {
            outputs.Add(TakeToken(request, sampled[i]));
            if (request.Status == RequestStatus.Finished)
            {
                return;
            }

            // All but the last were drafts, whose keys and values are stored.
            request.NumComputedTokens += i + 1 < sampled.Length ? 1 : 0;
        }
    }

    private static EngineCoreOutput NewOutput(Request request) => new()
    {
        RequestId = request.Id, NumCachedTokens = request.NumCachedTokens, FirstScheduledTimestamp = request.FirstScheduledTimestamp ?? 0,
    };

    private EngineCoreOutput TakeToken(Request request, SampledToken sampled)
    {
        var result = NewOutput(request);
        if (sampled.Fault is { } fault)
        {
            Finish(request);
            return result with { FinishReason = FinishReason.Error, ErrorMessage = fault };
        }

        request.AppendToken(sampled.TokenId);
        var stop = StopChecker.Check(request, maxModelLen);
        var isStopToken = stop?.Reason == FinishReason.Stop;
        var reason = sampled.Completes ? FinishReason.Stop : stop?.Reason;
        if (reason is not null)
        {
            Finish(request);
        }

        return result with
        {
            NewTokenId = sampled.TokenId,
            NewLogprobs = sampled.Logprobs,
            PromptLogprobs = request.PromptLogprobs?.Take(),
            FinishReason = reason,
            IsStopToken = isStopToken,
            StopTokenId = stop?.StopTokenId,
        };
    }

    /// <returns>Whether nothing was preempted.</returns>
    private bool ScheduleRunning(int budget, out int left)
    {
        var undisturbed = true;
        for (var i = 0; i < running.Count && budget > 0;)
        {
            var request = running[i];
            var tokens = Math.Min(request.NumTokens - request.NumComputedTokens, budget);
            var fits = true;
            while (!cache.TryAllocateSlots(request, tokens))
            {
                undisturbed = false;
                var victim = ChooseVictim();
                var position = running.IndexOf(victim);
                budget += output.Remove(victim);
                Preempt(victim);
                i -= position < i ? 1 : 0;
                if (ReferenceEquals(victim, request))
                {
                    fits = false;
                    break;
                }
            }

            if (fits)
            {
                output.Add(request, tokens);
                budget -= tokens;
                i++;
            }
        }

        left = budget;
        return undisturbed;
    }

    private void AdmitWaiting(int budget)
    {
        while (budget > 0 && running.Count < options.MaxNumSeqs && waiting.Peek() is { } request)
        {
            // The watermark leaves running requests room to grow; a request that is alone need not wait for it.
            if (cache.TryAdmit(request, budget, running.Count > 0 ? watermarkBlocks : 0) is not { } admitted)
            {
                return;
            }

            waiting.Remove(request);
            running.Add(request);
            request.Status = RequestStatus.Running;
            request.NumComputedTokens = admitted.CachedTokens;
            RecordAdmission(request, admitted.CachedTokens);
            output.Add(request, admitted.NewTokens);
            budget -= admitted.NewTokens;
        }
    }

    private void RecordAdmission(Request request, int cachedTokens)
    {
        if (request.FirstScheduledTimestamp is null)
        {
            request.FirstScheduledTimestamp = timeProvider.GetTimestamp();
            request.NumCachedTokens = cachedTokens;
            if (options.EnablePrefixCaching)
            {
                PrefixCache.Record(request.NumTokens, cachedTokens);
            }
        }
        else
        {
            RecomputedTokens += Math.Max(0, request.ComputedBeforePreemption - cachedTokens);
        }
    }

    private Request ChooseVictim()
    {
        var victim = running[0];
        foreach (var candidate in running)
        {
            // Among equals the youngest: it loses least by waiting again.
            if (candidate.Priority > victim.Priority
                || (candidate.Priority == victim.Priority && candidate.NumComputedTokens < victim.NumComputedTokens)
                || (candidate.Priority == victim.Priority && candidate.NumComputedTokens == victim.NumComputedTokens && candidate.Arrival > victim.Arrival))
            {
                victim = candidate;
            }
        }

        return victim;
    }

    private void Preempt(Request request)
    {
        running.Remove(request);
        cache.Free(request, request.NumComputedTokens);
        request.ComputedBeforePreemption = request.NumComputedTokens;
        request.NumComputedTokens = 0;
        request.NumPreemptions++;
        request.Status = RequestStatus.Preempted;
        NumPreemptions++;
        Add(request);
    }
}
