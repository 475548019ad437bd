using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>What a step does on a device beside the model: drawing tokens there, and moving blocks to the host and back.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceStepTests : IDisposable
{
    private static readonly EngineOptions Options = DeviceBed.Options("llama_gqa_f32") with { MaxNumSeqs = 8, MaxNumBatchedTokens = 64 };
    private readonly DeviceBed bed = new();

    public void Dispose() => bed.Dispose();

    /// <summary>Plain, cut in every way, and one whose logits the request changes, which is drawn on the host.</summary>
    [SkippableFact]
    public void Step_SampledRequests_TheTokensOfTheCpu()
    {
        using EngineHarness cpu = new(Options), device = new(Options, bed.Open());
        foreach (var engine in (EngineHarness[])[cpu, device])
        {
            Add(engine, "plain", new SamplingParams { Seed = 1 });
            Add(engine, "top-k", new SamplingParams { Seed = 2, TopK = 7, Temperature = 1.5f });
            Add(engine, "top-p", new SamplingParams { Seed = 3, TopP = 0.8f });
            Add(engine, "all", new SamplingParams { Seed = 4, TopK = 30, TopP = 0.9f, MinP = 0.01f, Temperature = 0.7f });
            Add(engine, "changed", new SamplingParams { Seed = 5, FrequencyPenalty = 0.5f, TopP = 0.9f });
            Add(engine, "greedy", new SamplingParams { Temperature = 0 });
            engine.RunToEnd();
        }

        foreach (var (id, result) in cpu.Results)
        {
            device.Results[id].Tokens.Should().Equal(result.Tokens, id).And.HaveCount(4);
        }

        static void Add(EngineHarness engine, string id, SamplingParams parameters) => engine.Add(id, [5, 9, 11], parameters with { MaxTokens = 4, IgnoreEos = true });
    }

    [SkippableFact]
    public void Step_EvictedPrefix_ComesBackFromHostMemoryBitForBit()
    {
        var backend = bed.Open();
        using var engine = new EngineHarness(Options with { NumBlocksOverride = 5, AdmissionWatermark = 0 }, backend, tier: new HostMemoryTier(backend, 1 << 20));
        int[] first = [.. Enumerable.Range(3, 40)], second = [.. Enumerable.Range(20, 40)];
        var before = engine.Run(first, EngineHarness.Greedy(3, logprobs: 3));
        engine.Run(second, EngineHarness.Greedy(3));
        var after = engine.Run(first, EngineHarness.Greedy(3, logprobs: 3));
        after.Last.NumCachedTokens.Should().Be(32);
        engine.Core.Stats.TierHits.Should().BePositive();
        after.Tokens.Should().Equal(before.Tokens);
        if (!DeviceBed.IsReal)
        {
            // There cuBLASLt may choose another algorithm for the fewer rows of the rest of the prompt.
            after.Exact.Should().Equal(before.Exact);
        }
    }
}
