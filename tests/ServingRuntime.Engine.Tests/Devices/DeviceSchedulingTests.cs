using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>What the scheduler does to a request does not show in its tokens, on a device as on the CPU: chunks, cache hits, preemption, drafts.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceSchedulingTests : IDisposable
{
    private const int Steps = 6;
    private static readonly EngineOptions Options = DeviceBed.Options("qwen3_gqa_sharded_f32") with { MaxNumBatchedTokens = 64 };
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 36).Select(i => 5 + (i * 7 % 11))];
    private readonly DeviceBed bed = new();

    public void Dispose() => bed.Dispose();

    [SkippableFact]
    public void Tokens_ChunkedCachedPreemptedOrDrafted_AreTheSame()
    {
        List<int> expected;
        using (var plain = Engine(Options))
        {
            expected = plain.Run(Prompt, EngineHarness.Greedy(Steps)).Tokens;
            var again = plain.Run(Prompt, EngineHarness.Greedy(Steps));
            again.Last.NumCachedTokens.Should().Be(32);
            again.Tokens.Should().Equal(expected, "from the cache");
        }

        using (var chunked = Engine(Options with { MaxNumBatchedTokens = 7 }))
        {
            chunked.Run(Prompt, EngineHarness.Greedy(Steps)).Tokens.Should().Equal(expected, "in chunks of 7");
        }

        using (var drafted = Engine(Options with { Speculative = new SpeculativeOptions { NumSpeculativeTokens = 3 } }))
        {
            drafted.Run(Prompt, EngineHarness.Greedy(Steps)).Tokens.Should().Equal(expected, "with drafts");
        }

        // Three requests that come to three blocks each, and eight blocks.
        using var tight = Engine(Options with { NumBlocksOverride = 9, EnablePrefixCaching = false, AdmissionWatermark = 0 });
        foreach (var id in (string[])["a", "b", "c"])
        {
            tight.Add(id, Prompt[..30], EngineHarness.Greedy(8));
        }

        tight.RunToEnd();
        tight.Core.Stats.NumPreemptions.Should().BePositive();
        tight.Results["b"].Tokens.Should().Equal(tight.Results["a"].Tokens);
        tight.Results["c"].Tokens.Should().Equal(tight.Results["a"].Tokens);
    }

    /// <summary>Its table is in whole numbers too: on a device it is widened once, and no step waits for the host.</summary>
    [SkippableFact]
    public void Gguf_QuantizedTable_IsWidenedAtLoad()
    {
        using var golden = GgufFixtures.Golden();
        var backend = bed.Open();
        using var engine = new EngineHarness(Options with { ModelPath = GgufFixtures.Path("llama_quantized.gguf") }, backend);
        var prompt = golden.RootElement.GetProperty("models").GetProperty("llama_quantized").EnumerateArray().First(prompt => prompt.GetProperty("input_ids").GetArrayLength() == 17);
        int[] Ints(string name) => [.. prompt.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

        var result = engine.Run(Ints("input_ids"), EngineHarness.Greedy(4, logprobs: 5));

        result.Tokens[0].Should().Be(Ints("greedy_ids")[0]);
        result.Logprobs[0].Top[0].Logprob.Should().BeApproximately(prompt.GetProperty("top5_logprobs")[0].GetSingle(), 0.05f, "bfloat16 embeddings");
        backend.GraphCount.Should().BePositive("nothing of the host's is in the step");
    }

    private EngineHarness Engine(EngineOptions options) => new(options, bed.Open());
}
