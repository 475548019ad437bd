using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// vLLM V1's scheduler (<c>vllm/v1/core/sched/scheduler.py</c>): each step gives every request a number of tokens within one budget, and there are no
/// prefill or decode phases. Running requests come first; waiting ones are admitted, one after the other as <see cref="RequestQueue"/> orders them, only
/// when nothing was preempted and all of the prompt fits. When blocks run out <see cref="PreemptionPolicy"/> names the request that gives its own back
/// and is recomputed later.
/// <para>A fork waits at its parent, not in the queue. In the step that computes the end of their prompt it takes the parent's blocks and samples from the
/// parent's row of logits; if there is no room for it then, it queues like any other and finds the prompt in the prefix cache.</para>
/// </summary>
public sealed class Scheduler
{
    private readonly KVCacheManager cache;
    private readonly EngineOptions options;
    private readonly int maxModelLen;
    private readonly TimeProvider timeProvider;
    private readonly List<Request> running = [];
    private readonly RequestQueue waiting = new();
    private readonly RequestHeap<ByDeadline> deadlines = new();
    private readonly SchedulerOutput output;
    private readonly StepIntake intake;
    private readonly int watermarkBlocks;
    private readonly int mostPrefillTokens;
    private readonly PendingForks pendingForks = new();

    public Scheduler(KVCacheManager cache, EngineOptions options, int maxModelLen, TimeProvider timeProvider)
    {
        this.cache = cache;
        this.options = options;
        this.maxModelLen = maxModelLen;
        this.timeProvider = timeProvider;
        output = new SchedulerOutput(cache.Moves);
        intake = new StepIntake(waiting, Finish, maxModelLen, options.Speculative?.NumSpeculativeTokens ?? 0);
        watermarkBlocks = (int)Math.Ceiling(options.AdmissionWatermark * (cache.Pool.NumBlocks - 1));
        mostPrefillTokens = options.LongPrefillTokenThreshold > 0 ? options.LongPrefillTokenThreshold : int.MaxValue;
    }

    public IReadOnlyList<Request> Running => running;

    /// <summary>Forks that wait for their parents' prompts included.</summary>
    public int NumWaiting => waiting.Count + pendingForks.Count;

    /// <summary>Such forks not included: there is nothing to compute for them.</summary>
    public long UncachedQueuedTokens => waiting.UncachedTokens;

    public bool HasUnfinishedRequests => running.Count + NumWaiting > 0;

    public long NumPreemptions { get; private set; }

    /// <summary>Tokens computed again after preemptions.</summary>
    public long RecomputedTokens => intake.RecomputedTokens;

    /// <summary>Forks that took their prompt from their parent do not count: nothing was looked up for them.</summary>
    public PrefixCacheStats PrefixCache { get; } = new();

    public SpeculationStats Speculation => intake.Speculation;

    /// <param name="parent">A request in here whose prompt is to be shared; ignored where the two do not allow it.</param>
    public void Add(Request request, Request? parent = null)
    {
        if (request.Source.Deadline is not null)
        {
            deadlines.Add(request);
        }

        if (parent is null || !pendingForks.TryAdd(request, parent))
        {
            Enqueue(request);
        }
    }

    /// <summary>Ends a request in whatever state and frees its blocks.</summary>
    public void Finish(Request request)
    {
        if (request.Status == RequestStatus.Finished)
        {
            return;
        }

        if (request.Status == RequestStatus.Running)
        {
            running.Remove(request);
            cache.Free(request, request.NumComputedTokens);
        }
        else if (request.Parent is not null)
        {
            pendingForks.Remove(request);
        }
        else
        {
            waiting.Remove(request);
        }

        if (request.DeadlinePlace >= 0)
        {
            deadlines.Remove(request);
        }

        request.Status = RequestStatus.Finished;
        waiting.Release(request);
        while (pendingForks.Take(request) is { } fork)
        {
            Enqueue(fork);
        }
    }

    /// <summary>Ends the requests whose deadline has come, waiting or running.</summary>
    public void Expire(List<EngineCoreOutput> outputs)
    {
        if (deadlines.Count == 0)
        {
            return;
        }

        var now = timeProvider.GetTimestamp();
        while (deadlines.Top is { } request && request.Source.Deadline <= now)
        {
            Finish(request);
            outputs.Add(StepIntake.NewOutput(request) with { FinishReason = FinishReason.Abort, ErrorMessage = "the request's deadline has passed" });
        }
    }

    /// <summary>Slots of running requests' blocks that hold no token yet.</summary>
    public long UnusedSlots()
    {
        var unused = 0.0;
        foreach (var request in running)
        {
            unused += cache.UnusedSlots(request);
        }

        return (long)Math.Round(unused);
    }

    /// <summary>The next step's work. Empty only when there is no request.</summary>
    public SchedulerOutput Schedule()
    {
        output.Clear();
        if (ScheduleRunning(options.MaxNumBatchedTokens, out var budget) && waiting.Count > 0)
        {
            AdmitWaiting(budget);
        }

        if (pendingForks.Count > 0)
        {
            StartForks();
        }

        return output;
    }

    /// <summary>Takes in what the step computed and sampled; requests that end free their blocks at once.</summary>
    public void UpdateFromOutput(ModelRunnerOutput result, List<EngineCoreOutput> outputs) => intake.Take(output, result, outputs);

    /// <returns>Whether nothing was preempted.</returns>
    private bool ScheduleRunning(int budget, out int left)
    {
        var undisturbed = true;
        for (var i = 0; i < running.Count && budget > 0;)
        {
            var request = running[i];
            var needed = request.NumTokens - request.NumComputedTokens;
            var most = Math.Min(budget, mostPrefillTokens);

            // Drafts get what is left when each request after this one has a token; and they push nobody out.
            var drafts = Math.Clamp(Math.Min(most, budget - (running.Count - i - 1)) - needed, 0, request.NumDraftTokens);
            var tokens = Math.Min(needed + drafts, most);
            var fits = true;
            while (!cache.TryAllocateSlots(request, tokens))
            {
                if (drafts > 0)
                {
                    (tokens, drafts) = (tokens - drafts, 0);
                    continue;
                }

                undisturbed = false;
                var victim = PreemptionPolicy.ChooseVictim(running, cache);
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
                output.Add(request, tokens, drafts);
                budget -= tokens;
                i++;
            }
        }

        left = budget;
        return undisturbed;
    }

    private void AdmitWaiting(int budget)
    {
        // Places for the forks that come with a running request's prompt are not given to others.
        var places = options.MaxNumSeqs - running.Count;
        for (var i = 0; pendingForks.Count > 0 && i < running.Count; i++)
        {
            places -= PendingForks.At(running[i]);
        }

        while (budget > 0 && places > 0 && waiting.Peek() is { } request)
        {
            // The watermark leaves running requests room to grow; a request that is alone need not wait for it.
            if (cache.TryAdmit(request, Math.Min(budget, mostPrefillTokens), running.Count > 0 ? watermarkBlocks : 0) is not { } admitted)
            {
                return;
            }

            waiting.Admit(request, request.NumTokens - admitted.CachedTokens);
            running.Add(request);
            request.Status = RequestStatus.Running;
            request.NumComputedTokens = admitted.CachedTokens;
            RecordAdmission(request, admitted.CachedTokens, admitted.TierTokens);
            output.Add(request, admitted.NewTokens);
            budget -= admitted.NewTokens;
            places -= 1 + PendingForks.At(request);
        }
    }

    private void RecordAdmission(Request request, int cachedTokens, int tierTokens)
    {
        if (request.FirstScheduledTimestamp is not null)
        {
            return;
        }

        request.Reserve(maxModelLen, cache.BlockSize);
        request.FirstScheduledTimestamp = timeProvider.GetTimestamp();
        request.NumCachedTokens = cachedTokens;
        request.NumTierTokens = tierTokens;
        if (options.EnablePrefixCaching && !request.NeedsWholePrompt)
        {
            PrefixCache.Record(request.NumTokens, cachedTokens, tierTokens);
        }
    }

    /// <summary>Forks of the prompts that this step completes start to run, as far as there are places and a block to grow into for each.</summary>
    private void StartForks()
    {
        var promised = watermarkBlocks;
        for (var i = 0; i < output.Requests.Count; i++)
        {
            if (!output.Requests[i].Samples)
            {
                continue;
            }

            var parent = output.Requests[i].Request;
            promised += PendingForks.At(parent) > 0 ? 1 : 0;
            while (pendingForks.Take(parent) is { } fork)
            {
                if (running.Count >= options.MaxNumSeqs || promised >= cache.Pool.FreeCount)
                {
                    Enqueue(fork);
                    continue;
                }

                promised++;
                StartFork(parent, fork);
                output.AddFork(i, fork);
            }
        }
    }

    private void StartFork(Request parent, Request fork)
    {
        fork.Reserve(maxModelLen, cache.BlockSize);
        cache.Fork(parent, fork, fork.NumPromptTokens);
        waiting.Join(fork, parent);
        running.Add(fork);
        fork.Status = RequestStatus.Running;
        fork.Family = parent.Family;
        fork.NumComputedTokens = fork.MostComputedTokens = fork.NumPromptTokens;
        fork.NumCachedTokens = parent.NumCachedTokens;
        fork.NumTierTokens = parent.NumTierTokens;
        fork.FirstScheduledTimestamp = parent.FirstScheduledTimestamp;
    }

    /// <summary>A preempted parent keeps its forks: it is computed again before them in any case.</summary>
    private void Preempt(Request request)
    {
        running.Remove(request);
        cache.Free(request, request.NumComputedTokens);
        request.NumComputedTokens = 0;
        request.SetDrafts([]);
        request.NumPreemptions++;
        request.Status = RequestStatus.Preempted;
        NumPreemptions++;
        Enqueue(request);
    }

    private void Enqueue(Request request) => waiting.Add(request, request.NumTokens - cache.GetComputedTokens(request));
}
