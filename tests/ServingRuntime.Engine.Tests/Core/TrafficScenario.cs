using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.Tests.Sampling;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>An engine that is too small for its load, and the load: what <see cref="TrafficRun"/> plays. All follows from the numbers here.</summary>
/// <param name="Blocks">In blocks of 16 tokens; larger ones are as many fewer.</param>
/// <param name="StepsPerArrival">On average; a family comes at once.</param>
/// <param name="TierBlocks">Blocks of the second tier; 0: none.</param>
internal sealed record TrafficScenario(
    int Seed, int Blocks, int Chunk, int Sequences, bool Caching, int BlockSize, int Threads, int LongPrefill, int TierBlocks, int StepsPerArrival,
    TrafficDrafts Drafts, string KVCacheDType)
{
    private const int Vocabulary = 4096;

    /// <summary>The longest request here: 79 tokens of prompt, 32 of output.</summary>
    private const int MaxModelLen = 112;

    public static Gen<TrafficScenario> Any { get; } =
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from blocks in Gen.Elements(8, 9, 10, 12, 16, 24)
        from chunk in Gen.Elements(3, 16, 17, 50, 200)
        from sequences in Gen.Choose(1, 8)
        from arrival in Gen.Elements(1, 2, 5)
        from caching in Gen.Elements(true, true, false)
        from blockSize in Gen.Elements(16, 16, 32)
        from threads in Gen.Choose(1, 2)
        from longPrefill in Gen.Elements(0, 0, 5, 30)
        from tier in Gen.Elements(0, 3, 100)
        from drafts in Gen.Elements(TrafficDrafts.None, TrafficDrafts.Ngram, TrafficDrafts.Oracle)
        from cacheType in Gen.Elements("auto", "float32", "int8", "fp8")
        select new TrafficScenario(seed, blocks, chunk, sequences, caching, blockSize, threads, longPrefill, caching ? tier : 0, arrival, drafts, cacheType);

    public EngineOptions Options() => EngineHarness.Defaults with
    {
        NumBlocksOverride = 1 + Math.Max((Blocks * 16 / BlockSize) - 1, (MaxModelLen + BlockSize - 1) / BlockSize),
        BlockSize = BlockSize, MaxModelLen = MaxModelLen, MaxNumBatchedTokens = Chunk, MaxNumSeqs = Sequences, EnablePrefixCaching = Caching,
        CpuThreads = Threads, KVCacheDType = KVCacheDType, LongPrefillTokenThreshold = LongPrefill, AdmissionWatermark = 0,
        Speculative = Drafts == TrafficDrafts.None ? null : new SpeculativeOptions { PromptLookupMin = 1, PromptLookupMax = 3, MaxRunningRequests = 6 },
    };

    /// <summary>In the order in which they come; a family's answers follow one another.</summary>
    public IReadOnlyList<TrafficRequest> Requests()
    {
        var random = new System.Random(Seed);
        var requests = new List<TrafficRequest>();
        for (var i = random.Next(2, 9); i > 0; i--)
        {
            AddFamily(requests, random);
        }

        return requests;
    }

    private static void AddFamily(List<TrafficRequest> requests, System.Random random)
    {
        // A few openings shared by many, so that the cache has something to find.
        var opening = new System.Random(random.Next(3));
        var prompt = Enumerable.Range(0, random.Next(0, 60)).Select(_ => opening.Next(Vocabulary))
            .Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(Vocabulary))).ToArray();
        var (salt, tenant, priority) = (random.Next(4) == 0 ? "salt" : null, $"tenant {random.Next(3)}", random.Next(-1, 2));
        var parameters = Restrict(random.Next(2) == 0 ? EngineHarness.Greedy(1, logprobs: 2) : RandomSampling(random), random);
        int? constraint = random.Next(4) == 0 && parameters.AllowedTokenIds is null ? random.Next() : null;
        var pooling = random.Next(8) == 0 ? new PoolingParams(random.Next(2) == 0 ? PoolingType.Mean : PoolingType.Last) : null;
        var first = requests.Count;
        var answers = random.Next(2) == 0 ? 1 : random.Next(2, 5);
        for (var i = 0; i < answers; i++)
        {
            requests.Add(new TrafficRequest(
                $"request {requests.Count}", prompt, parameters with { Seed = parameters.Seed + i, MaxTokens = random.Next(1, 33) }, salt, tenant,
                priority, i > 0 ? $"request {first}" : null, random.Next(8) == 0 ? random.Next(1, 40) : null)
            {
                ConstraintSeed = pooling is null ? constraint : null, Pooling = pooling,
            });
        }
    }

    private static SamplingParams Restrict(SamplingParams parameters, System.Random random) => random.Next(7) switch
    {
        0 => parameters with { BadWordsTokenIds = [.. Enumerable.Range(0, 300).Select(_ => new[] { random.Next(Vocabulary) }), [random.Next(9), random.Next(9)]] },
        1 => parameters with { AllowedTokenIds = [.. Enumerable.Range(0, 40).Select(_ => random.Next(Vocabulary))], LogprobTokenIds = [random.Next(Vocabulary)] },
        2 => parameters with { PromptLogprobs = random.Next(3) },
        3 => parameters with { StopTokenIds = [.. Enumerable.Range(0, 500).Select(_ => random.Next(Vocabulary))], PresencePenalty = 0.5f },
        _ => parameters,
    };

    private static SamplingParams RandomSampling(System.Random random) => new()
    {
        Temperature = 0.9f, TopK = random.Next(0, 30), TopP = 0.95f, MinP = 0.01f, Seed = random.Next(), RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f,
        MinTokens = random.Next(3), Logprobs = 2,
    };
}

/// <param name="DeadlineSteps">Steps after it came; null: none.</param>
internal sealed record TrafficRequest(
    string Id, int[] Prompt, SamplingParams Parameters, string? Salt, string Tenant, int Priority, string? ForkOf, int? DeadlineSteps)
{
    public int? ConstraintSeed { get; init; }

    public PoolingParams? Pooling { get; init; }

    public EngineCoreRequest ToCore() => new()
    {
        RequestId = Id, PromptTokenIds = Prompt, SamplingParams = Parameters, EosTokenIds = [2], Priority = Priority, CacheSalt = Salt, Tenant = Tenant, ForkOf = ForkOf,
        Pooling = Pooling, Constraint = ConstraintSeed is { } seed ? RandomConstraint(new System.Random(seed)) : null,
    };

    /// <summary>At each of some places any of some tokens.</summary>
    private static SequenceConstraint RandomConstraint(System.Random random) =>
        new([.. Enumerable.Range(0, random.Next(2, 25)).Select(_ => Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(10, 4096)).ToArray())])
        {
            MayEndAfter = [random.Next(25), random.Next(25)],
        };
}

/// <summary>Where drafts come from: nowhere, from prompt lookup, or from one who mostly knows.</summary>
internal enum TrafficDrafts
{
    None,
    Ngram,
    Oracle,
}
