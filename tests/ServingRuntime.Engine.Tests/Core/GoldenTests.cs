namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>The engine against transformers' tokens and log-probabilities for the model that ships, in float32 as transformers computed them.</summary>
public sealed class GoldenTests
{
    private static readonly EngineOptions Exact = EngineHarness.Defaults with { DType = "float32" };

    [Fact]
    public void Greedy_EveryCaseAlone_EqualsTransformers()
    {
        using var engine = new EngineHarness(Exact with { EnablePrefixCaching = false });
        for (var i = 0; i < GoldenCase.All.Count; i++)
        {
            var golden = GoldenCase.All[i];
            Check(golden, engine.Run(golden.InputIds, EngineHarness.Greedy(48, logprobs: 5)), $"case {i}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(64)]
    public void Greedy_ChunkedPrefillOfAllCasesTogether_EqualsTransformers(int chunk)
    {
        using var engine = new EngineHarness(Exact with { MaxNumBatchedTokens = chunk, CpuThreads = 2 });
        RunTogether(engine);
    }

    [Fact]
    public void Greedy_FromThePrefixCache_EqualsTransformers()
    {
        using var engine = new EngineHarness(Exact);
        RunTogether(engine);
        RunTogether(engine);
        engine.Results["case 11"].Last.NumCachedTokens.Should().Be(688, "697 tokens before the last, in blocks of 16");
    }

    [Fact]
    public void Greedy_WithPreemptions_EqualsTransformers()
    {
        using var engine = new EngineHarness(Exact with { MaxModelLen = 768, NumBlocksOverride = 60, EnablePrefixCaching = false, AdmissionWatermark = 0 });
        RunTogether(engine);
        engine.Core.Stats.NumPreemptions.Should().BePositive("59 blocks do not hold all cases");
        engine.Core.Stats.RecomputedTokens.Should().BePositive();
    }

    private static void RunTogether(EngineHarness engine)
    {
        for (var i = 0; i < GoldenCase.All.Count; i++)
        {
            engine.Add($"case {i}", GoldenCase.All[i].InputIds, EngineHarness.Greedy(48, logprobs: 5));
        }

        engine.RunToEnd();
        for (var i = 0; i < GoldenCase.All.Count; i++)
        {
            Check(GoldenCase.All[i], engine.Results[$"case {i}"], $"case {i}");
        }
    }

    private static void Check(GoldenCase golden, GeneratedTokens result, string because)
    {
        result.Tokens.Should().Equal(golden.GreedyIds, because);
        result.Logprobs[0].Top.Select(top => top.TokenId).Should().Equal(golden.TopIds, because);
        for (var i = 0; i < golden.TopIds.Length; i++)
        {
            result.Logprobs[0].Top[i].Logprob.Should().BeApproximately(golden.TopLogprobs[i], 1e-3f, because);
        }
    }
}
