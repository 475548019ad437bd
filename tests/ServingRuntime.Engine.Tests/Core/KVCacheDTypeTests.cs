using Octavo.ServingRuntime.Engine.Core;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>What the cache's types cost in quality: log-probabilities of whole prompts with each against those with float32, everything else the same.</summary>
public sealed class KVCacheDTypeTests
{
    /// <summary>Bounds of the largest and the mean difference. Random weights (all but the tiny model) spread attention evenly and have outliers, so trained models do better.</summary>
    [Theory]
    [InlineData("", "bfloat16", 0.08, 0.01)]
    [InlineData("", "int8", 0.4, 0.04)]
    [InlineData("", "fp8", 0.8, 0.12)]
    [InlineData("llama_gqa_f32", "bfloat16", 0.08, 0.01)]
    [InlineData("llama_gqa_f32", "int8", 0.4, 0.04)]
    [InlineData("llama_gqa_f32", "fp8", 0.8, 0.12)]
    [InlineData("qwen2_gqa_f32", "int8", 0.4, 0.04)]
    [InlineData("qwen2_gqa_f32", "fp8_e4m3", 0.8, 0.12)]
    [InlineData("gemma2_f32", "int8", 0.4, 0.04)]
    [InlineData("gemma2_f32", "fp8", 2, 0.2)]
    [InlineData("mistral_swa_f32", "int8", 0.4, 0.04)]
    [InlineData("phi3_longrope_f32", "int8", 0.4, 0.04)]
    [InlineData("qwen3_gqa_sharded_f32", "fp8", 0.8, 0.12)]
    public void PromptLogprobs_EachCacheType_WithinBoundsOfFloat32(string checkpoint, string type, double largest, double mean)
    {
        var (exact, rounded) = (Score(checkpoint, "float32"), Score(checkpoint, type));
        var differences = new List<double>();
        for (var i = 0; i < exact.Count; i++)
        {
            differences.Add(Math.Abs(exact[i].Logprob - rounded[i].Logprob));
            var (first, second) = (exact[i].Top[0], exact[i].Top[1]);
            if (first.Logprob - second.Logprob > 1)
            {
                rounded[i].Top[0].TokenId.Should().Be(first.TokenId, $"position {i} leaves no doubt");
            }
        }

        differences.Max().Should().BeInRange(float.Epsilon, largest, "the type is used, and this is what it costs");
        differences.Average().Should().BeLessThan(mean);
    }

    [Fact]
    public void Create_EightBits_HoldsMoreTokensInTheSameMemory()
    {
        var blocks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var type in new[] { "float32", "bfloat16", "int8", "fp8" })
        {
            using var engine = new EngineHarness(EngineHarness.Defaults with { NumBlocksOverride = null, KVCacheMemoryBytes = 8 << 20, KVCacheDType = type });
            blocks[type] = engine.Core.NumBlocks;
            engine.Core.KVCacheDType.Should().Be(type == "fp8" ? "fp8_e4m3" : type);
        }

        blocks["bfloat16"].Should().Be(2 * blocks["float32"]);
        blocks["int8"].Should().Be(blocks["fp8"]).And.BeGreaterThan((int)(1.7 * blocks["bfloat16"]));
    }

    private static List<TokenLogprobs> Score(string checkpoint, string type)
    {
        var folder = checkpoint.Length == 0 ? Repository.TinyModel : Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden", checkpoint);
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = folder, DType = "float32", KVCacheDType = type });
        var random = new Random(4);
        for (var prompt = 0; prompt < 6; prompt++)
        {
            int[] tokens = checkpoint.Length == 0
                ? [.. GoldenCase.All[prompt + 4].InputIds]
                : [.. Enumerable.Range(0, 90).Select(_ => random.Next(3, engine.Core.VocabSize))];
            engine.Add($"{prompt}", tokens, EngineHarness.Greedy(1) with { PromptLogprobs = 2 });
        }

        engine.RunToEnd();
        return [.. engine.Results.Values.SelectMany(result => result.PromptLogprobs!.Skip(1).Select(logprobs => logprobs!))];
    }
}
