using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// The engine: <c>Schedule</c>, <c>Execute</c>, <c>UpdateFromOutput</c>, one after the other on one thread. An exception from <see cref="Step"/> means
/// that the forward pass itself failed and the engine is not to be used again.
/// </summary>
internal sealed class EngineCore : IEngineCore
{
    private readonly EngineOptions options;
    private readonly KVCacheManager cache;
    private readonly Scheduler scheduler;
    private readonly IModelRunner runner;
    private readonly Speculator? speculator;
    private readonly IDisposable[] owned;
    private readonly Dictionary<string, Request> requests = new(StringComparer.Ordinal);
    private readonly List<EngineCoreOutput> refused = [];
    private readonly TimeProvider timeProvider;
    private long arrivals;
    private long firstSinceReset;
    private int stepTokens;
    private long steps;
    private long stepTicks;
    private long scheduleTicks;

    /// <param name="proposer">Where drafts come from; null: no speculative decoding. Owned.</param>
    /// <param name="tier">Where evicted blocks go; null: nowhere. The runner moves their contents.</param>
    /// <param name="owned">Disposed with the engine, in this order, after the runner.</param>
    public EngineCore(
        EngineOptions options, KVCacheConfig cacheConfig, int maxModelLen, int vocabSize, int hiddenSize, IModelRunner runner, TimeProvider timeProvider,
        IDraftProposer? proposer = null, IBlockTier? tier = null, params IDisposable[] owned)
    {
        this.options = options;
        this.runner = runner;
        speculator = proposer is null ? null : new Speculator(options.Speculative!, maxModelLen, proposer);
        this.timeProvider = timeProvider;
        this.owned = owned;
        MaxModelLen = maxModelLen;
        VocabSize = vocabSize;
        HiddenSize = hiddenSize;
        KVCacheDType = cacheConfig.DType == DType.Float8E4M3 ? "fp8_e4m3" : cacheConfig.DType.ToString().ToLowerInvariant();
        cache = new KVCacheManager(new BlockPool(cacheConfig.NumBlocks), cacheConfig.BlockSize, options.EnablePrefixCaching, tier);
        scheduler = new Scheduler(cache, options, maxModelLen, timeProvider);
    }

    public int MaxModelLen { get; }

    public int VocabSize { get; }

    public int HiddenSize { get; }

    public string Device => runner.Device.ToString();

    public int NumBlocks => cache.Pool.NumBlocks;

    public int BlockSize => cache.BlockSize;

    public string KVCacheDType { get; }

    public bool HasUnfinishedRequests => scheduler.HasUnfinishedRequests || refused.Count > 0;

    public EngineStats Stats => new()
    {
        NumRunning = scheduler.Running.Count,
        NumWaiting = scheduler.NumWaiting,
        KVCacheUsage = cache.Pool.Usage,
        PrefixCacheQueries = scheduler.PrefixCache.Queries,
        PrefixCacheHits = scheduler.PrefixCache.Hits,
        TierQueries = scheduler.PrefixCache.TierQueries,
        TierHits = scheduler.PrefixCache.TierHits,
        Tier = cache.TierStats,
        NumPreemptions = scheduler.NumPreemptions,
        RecomputedTokens = scheduler.RecomputedTokens,
        UncachedQueuedTokens = scheduler.UncachedQueuedTokens,
        RecentCacheHitRate = scheduler.PrefixCache.RecentHitRate,
        StepTokens = stepTokens,
        Speculation = scheduler.Speculation,
        KVSlots = (long)cache.Pool.UsedCount * BlockSize,
        KVSlotsFilled = ((long)cache.Pool.UsedCount * BlockSize) - scheduler.UnusedSlots(),
        Steps = steps,
        StepSeconds = (double)stepTicks / timeProvider.TimestampFrequency,
        ScheduleSeconds = (double)scheduleTicks / timeProvider.TimestampFrequency,
    };

    public void AddRequest(EngineCoreRequest request)
    {
        if (Fault(request) is { } fault)
        {
            Refuse(request, fault);
            return;
        }

        ITokenConstraint? constraint;
        try
        {
            constraint = request.Constraint?.Create(SamplingState.StopTokensOf(request));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Compiled from what a client sent: its fault must not become the engine's.
            Refuse(request, $"structured output failed: {exception.Message}");
            return;
        }

        var arrival = arrivals++;
        var seed = request.SamplingParams.Seed is { } own ? (ulong)own : CounterRandom.Bits((ulong)options.Seed, arrival);
        var added = new Request(request, arrival, seed, constraint);
        requests.Add(request.RequestId, added);
        scheduler.Add(added, request.ForkOf is { } parent ? requests.GetValueOrDefault(parent) : null);
    }

    public void AbortRequest(string requestId)
    {
        refused.RemoveAll(output => output.RequestId == requestId);
        if (requests.Remove(requestId, out var request))
        {
            scheduler.Finish(request);
            speculator?.Forget(request);
        }
    }

    public void ResetPrefixCache()
    {
        cache.Reset();
        firstSinceReset = arrivals;
    }

    public void CheckDevice() => runner.CheckDevice();

    public void Step(List<EngineCoreOutput> outputs)
    {
        outputs.Clear();
        scheduler.Expire(outputs);
        var start = timeProvider.GetTimestamp();
        speculator?.Propose(scheduler.Running);
        var step = scheduler.Schedule();
        stepTokens = step.TotalTokens;
        if (step.Requests.Count > 0)
        {
            var scheduled = timeProvider.GetTimestamp();
            var result = runner.Execute(step);
            var executed = timeProvider.GetTimestamp();
            scheduler.UpdateFromOutput(result, outputs);
            var end = timeProvider.GetTimestamp();
            steps++;
            stepTicks += end - start;
            scheduleTicks += scheduled - start + (end - executed);
        }

        foreach (ref readonly var output in CollectionsMarshal.AsSpan(outputs))
        {
            if (output.FinishReason is not null && requests.Remove(output.RequestId, out var request))
            {
                speculator?.Forget(request);
            }
        }

        // Last: one that was refused because its id is in use must not end the request of that id.
        outputs.AddRange(refused);
        refused.Clear();
        if (!scheduler.HasUnfinishedRequests && cache.Pool.UsedCount > 0)
        {
            throw new InvalidOperationException($"{cache.Pool.UsedCount} KV blocks are held by no request: a leak");
        }
    }

    /// <exception cref="InvalidOperationException">Books and requests contradict one another: a bug.</exception>
    public void CheckIntegrity()
    {
        cache.Pool.CheckIntegrity();
        var users = new Dictionary<int, (int Count, Request First)>();
        foreach (var request in scheduler.Running)
        {
            Require(request.Blocks.Count >= cache.BlocksFor(request.NumComputedTokens), $"{request.Id} has tokens without blocks");
            foreach (var block in request.Blocks)
            {
                var user = users.GetValueOrDefault(block, (Count: 0, First: request));
                users[block] = (user.Count + 1, user.First);
                Require(
                    cache.Pool.IsKnown(block) || user.First.Family == request.Family || request.Arrival < firstSinceReset,
                    $"{request.Id} and {user.First.Id} share block {block}, which no hash names");
            }
        }

        for (var block = 1; block < NumBlocks; block++)
        {
            Require(
                cache.Pool.References(block) == users.GetValueOrDefault(block).Count,
                $"block {block} has {users.GetValueOrDefault(block).Count} users, {cache.Pool.References(block)} counted");
        }

        Require(cache.Pool.UsedCount == users.Count, $"{users.Count} blocks are used, {cache.Pool.UsedCount} counted");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"engine: {fault}");
        }
    }

    public void Dispose()
    {
        speculator?.Dispose();
        runner.Dispose();
        foreach (var resource in owned)
        {
            resource.Dispose();
        }
    }

    private void Refuse(EngineCoreRequest request, string fault) =>
        refused.Add(new EngineCoreOutput { RequestId = request.RequestId, FinishReason = FinishReason.Error, ErrorMessage = fault });

    private string? Fault(EngineCoreRequest request)
    {
        var prompt = request.PromptTokenIds;
        if (requests.ContainsKey(request.RequestId))
        {
            return $"a request {request.RequestId} is already being served";
        }

        // A prompt that is only read may be as long as the model; else a token follows.
        var longest = request.Pooling is null ? MaxModelLen - 1 : MaxModelLen;
        if (prompt.Count == 0 || prompt.Count > longest)
        {
            return $"a prompt has 1 to {longest} tokens, this one {prompt.Count}";
        }

        if (request.Pooling?.Dimensions is { } dimensions && (dimensions < 1 || dimensions > HiddenSize))
        {
            return $"an embedding has 1 to {HiddenSize} dimensions, not {dimensions}";
        }

        if (Foreign(prompt) is { } foreign)
        {
            return $"token {foreign} is not in the vocabulary of {VocabSize}";
        }

        if (request.SamplingParams.AllowedTokenIds is { } allowed && (allowed.Count == 0 || Foreign(allowed) is not null))
        {
            return $"allowed_token_ids needs one token at least, and none outside of the vocabulary of {VocabSize}";
        }

        return request.SamplingParams.MaxTokens < 1 ? $"max_tokens is {request.SamplingParams.MaxTokens}, at least 1 is needed" : null;
    }

    /// <summary>The first that is no token of the model.</summary>
    private int? Foreign(IReadOnlyList<int> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if ((uint)tokens[i] >= (uint)VocabSize)
            {
                return tokens[i];
            }
        }

        return null;
    }
}
