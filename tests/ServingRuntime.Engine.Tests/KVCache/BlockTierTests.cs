namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class BlockTierTests
{
    private static readonly EngineOptions Small = EngineHarness.Defaults with { NumBlocksOverride = 9, MaxModelLen = 128, AdmissionWatermark = 0 };

    [Fact]
    public void Step_EvictedPrefix_ComesBackFromTheTierBitForBit()
    {
        using var tier = new HostBlockTier(100);
        using var engine = new EngineHarness(Small, tier: tier);
        int[] first = Prompt(1), second = Prompt(2);
        var before = engine.Run(first, EngineHarness.Greedy(20, logprobs: 3));
        engine.Run(second, EngineHarness.Greedy(20));
        tier.Count.Should().BePositive("8 blocks do not hold both");
        var after = engine.Run(first, EngineHarness.Greedy(20, logprobs: 3));
        after.Exact.Should().Equal(before.Exact);
        tier.Loaded.Should().BePositive();
        after.Last.NumCachedTokens.Should().Be(80);
        var stats = engine.Core.Stats;
        stats.TierHits.Should().Be(16 * tier.Loaded);
        (stats.PrefixCacheHits + stats.TierHits).Should().Be(80, "what the tier had is not counted twice");
        stats.TierQueries.Should().Be(stats.PrefixCacheQueries - stats.PrefixCacheHits);
        after.Last.NumTierTokens.Should().Be(16 * tier.Loaded);
        stats.Tier!.Value.LoadedBlocks.Should().Be(tier.Loaded);
    }

    [Fact]
    public void Step_WrongContentInTheTier_ShowsInTheAnswer()
    {
        using var tier = new HostBlockTier(100);
        using var engine = new EngineHarness(Small, tier: tier);
        var before = engine.Run(Prompt(1), EngineHarness.Greedy(20, logprobs: 3));
        engine.Run(Prompt(2), EngineHarness.Greedy(20));
        tier.Corrupt();
        engine.Run(Prompt(1), EngineHarness.Greedy(20, logprobs: 3)).Exact.Should().NotEqual(before.Exact, "what the tier gives is what attention reads");
    }

    [Fact]
    public void Step_TierForgets_IsComputedAgain()
    {
        using var tier = new HostBlockTier(2);
        using var engine = new EngineHarness(Small, tier: tier);
        var before = engine.Run(Prompt(1), EngineHarness.Greedy(20, logprobs: 3));
        engine.Run(Prompt(2), EngineHarness.Greedy(20));
        tier.Count.Should().BeLessThanOrEqualTo(2);
        engine.Run(Prompt(1), EngineHarness.Greedy(20, logprobs: 3)).Exact.Should().Equal(before.Exact);
    }

    [Fact]
    public void Step_Salted_NobodyElseFindsItInTheTier()
    {
        using var tier = new HostBlockTier(100);
        using var engine = new EngineHarness(Small, tier: tier);
        engine.Run(Prompt(1), EngineHarness.Greedy(5), salt: "a");
        engine.Run(Prompt(2), EngineHarness.Greedy(20));
        engine.Run(Prompt(1), EngineHarness.Greedy(5), salt: "b").Last.NumCachedTokens.Should().Be(0);
        tier.Loaded.Should().Be(0);
    }

    [Fact]
    public void ResetPrefixCache_ForgetsTheTierToo()
    {
        using var tier = new HostBlockTier(100);
        using var engine = new EngineHarness(Small, tier: tier);
        engine.Run(Prompt(1), EngineHarness.Greedy(20));
        engine.Run(Prompt(2), EngineHarness.Greedy(20));
        engine.Core.ResetPrefixCache();
        tier.Count.Should().Be(0);
        engine.Run(Prompt(1), EngineHarness.Greedy(5)).Last.NumCachedTokens.Should().Be(0);
    }

    [Fact]
    public void Dispose_DisposesTheTier()
    {
        var tier = new HostBlockTier(1);
        new EngineHarness(Small, tier: tier).Dispose();
        tier.Disposed.Should().BeTrue("the engine owns it");
    }

    private static int[] Prompt(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 90).Select(_ => random.Next(3, 4096))];
    }
}
