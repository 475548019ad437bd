using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>Several answers to one prompt: computed once, shared block by block, and each as if it were alone.</summary>
public sealed class ForkTests
{
    private const int BlockSize = 16;
    private static readonly SamplingParams Sampling = new() { Temperature = 1f, MaxTokens = 30, IgnoreEos = true, Logprobs = 2 };

    [Theory]
    [InlineData(37, true)]
    [InlineData(37, false)]
    [InlineData(48, true)]
    [InlineData(48, false)]
    [InlineData(3, true)]
    public void Step_Forks_ComputeThePromptOnceAndAnswerAsAlone(int promptLength, bool caching)
    {
        var prompt = Prompt(promptLength);
        using var engine = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = caching });
        AddFamily(engine, prompt, 4);
        engine.Core.Stats.NumWaiting.Should().Be(4);
        engine.Core.Stats.UncachedQueuedTokens.Should().Be(promptLength, "the prompt is computed once");
        engine.Step();
        engine.Core.Stats.StepTokens.Should().Be(promptLength);
        engine.Results.Values.Should().AllSatisfy(result => result.Tokens.Should().ContainSingle("all sample from one row"));
        Used(engine).Should().Be((promptLength + BlockSize - 1) / BlockSize, "all blocks are shared");
        engine.Step();
        Used(engine).Should().Be((promptLength / BlockSize) + 4, "each has its own last block now");
        engine.RunToEnd();
        AssertAsAlone(engine, prompt, 4);
        engine.Core.Stats.PrefixCacheQueries.Should().Be(caching ? promptLength : 0, "forks look nothing up");
        engine.Core.Stats.PrefixCacheHits.Should().Be(0);
        engine.Core.Stats.NumPreemptions.Should().Be(0);
    }

    [Fact]
    public void Step_ForksOfAChunkedPrompt_WaitForItsEnd()
    {
        var prompt = Prompt(50);
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumBatchedTokens = 20 });
        AddFamily(engine, prompt, 3);
        engine.Step();
        engine.Step();
        (engine.Core.Stats.NumRunning, engine.Core.Stats.NumWaiting).Should().Be((1, 2));
        engine.Step();
        (engine.Core.Stats.NumRunning, engine.Core.Stats.NumWaiting).Should().Be((3, 0));
        engine.RunToEnd();
        AssertAsAlone(engine, prompt, 3);
    }

    [Fact]
    public void Step_SecondFamilyOfTheSamePrompt_ReportsTheCachedPartForEveryAnswer()
    {
        var prompt = Prompt(40);
        using var engine = new EngineHarness();
        engine.Run(prompt, Sampling);
        AddFamily(engine, prompt, 3);
        engine.RunToEnd();
        for (var i = 0; i < 3; i++)
        {
            engine.Results[Id(i)].Last.NumCachedTokens.Should().Be(32);
        }

        engine.Core.Stats.PrefixCacheQueries.Should().Be(80);
        engine.Core.Stats.PrefixCacheHits.Should().Be(32);
    }

    [Fact]
    public void Step_ParentEndsWithItsFirstToken_ForksGoOn()
    {
        var prompt = Prompt(37);
        using var engine = new EngineHarness();
        engine.Add(Id(0), prompt, Sampling with { Seed = 0, MaxTokens = 1 });
        engine.Add(Id(1), prompt, Sampling with { Seed = 1 }, forkOf: Id(0));
        engine.Add(Id(2), prompt, Sampling with { Seed = 2, MaxTokens = 1 }, forkOf: Id(0));
        engine.RunToEnd();
        engine.Results[Id(0)].Tokens.Should().ContainSingle();
        engine.Results[Id(2)].Tokens.Should().ContainSingle();
        engine.Results[Id(1)].Exact.Should().Equal(Alone(prompt, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AbortRequest_ParentBeforeItsPromptIsComputed_ForksAreComputedThemselves(int stepsBefore)
    {
        var prompt = Prompt(50);
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumBatchedTokens = 20 });
        AddFamily(engine, prompt, 3);
        for (var i = 0; i < stepsBefore; i++)
        {
            engine.Step();
        }

        engine.Core.AbortRequest(Id(0));
        engine.Core.Stats.NumWaiting.Should().Be(2);
        engine.RunToEnd();
        engine.Results[Id(0)].Tokens.Should().BeEmpty();
        engine.Results[Id(1)].Exact.Should().Equal(Alone(prompt, 1));
        engine.Results[Id(2)].Exact.Should().Equal(Alone(prompt, 2));
    }

    [Fact]
    public void AbortRequest_WaitingFork_LeavesTheOthers()
    {
        var prompt = Prompt(20);
        using var engine = new EngineHarness();
        AddFamily(engine, prompt, 3);
        engine.Core.AbortRequest(Id(1));
        engine.RunToEnd();
        engine.Results[Id(1)].Tokens.Should().BeEmpty();
        engine.Results[Id(2)].Exact.Should().Equal(Alone(prompt, 2));
    }

    [Fact]
    public void Step_NoPlaceForAllForks_TheRestQueuesAndFindsThePromptInTheCache()
    {
        var prompt = Prompt(40);
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumSeqs = 2 });
        AddFamily(engine, prompt, 4);
        engine.Step();
        (engine.Core.Stats.NumRunning, engine.Core.Stats.NumWaiting).Should().Be((2, 2));
        engine.Core.Stats.UncachedQueuedTokens.Should().Be(2 * 8);
        engine.RunToEnd();
        AssertAsAlone(engine, prompt, 4);
        engine.Results[Id(3)].Last.NumCachedTokens.Should().Be(32);
    }

    [Fact]
    public void Step_NewcomersBesideAFamily_DoNotTakeItsPlaces()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumSeqs = 3, MaxNumBatchedTokens = 100 });
        AddFamily(engine, Prompt(40), 3);
        engine.Add("newcomer", Prompt(5, seed: 9), Sampling);
        engine.Step();
        engine.Results.Where(result => result.Value.Tokens.Count > 0).Select(result => result.Key).Should().Equal(Id(0), Id(1), Id(2));
        engine.RunToEnd();
        engine.Results["newcomer"].Tokens.Should().HaveCount(30);
    }

    [Fact]
    public void Step_NoBlocksForAllForks_PreemptedOrQueuedAndExact()
    {
        var prompt = Prompt(40);
        foreach (var blocks in new[] { 6, 7, 8, 9 })
        {
            using var engine = new EngineHarness(EngineHarness.Defaults with { NumBlocksOverride = blocks, MaxModelLen = 80, AdmissionWatermark = 0 });
            AddFamily(engine, prompt, 4);
            engine.RunToEnd();
            AssertAsAlone(engine, prompt, 4);
        }
    }

    [Theory]
    [InlineData("other prompt")]
    [InlineData("other salt")]
    [InlineData("other tenant")]
    [InlineData("other priority")]
    [InlineData("unknown parent")]
    [InlineData("parent already answers")]
    public void AddRequest_NotTrulyAFork_IsServedLikeAnyOther(string difference)
    {
        int[] prompt = Prompt(37), own = difference == "other prompt" ? Prompt(37, seed: 5) : prompt;
        using var engine = new EngineHarness();
        engine.Add(Id(0), prompt, Sampling with { Seed = 0 });
        if (difference == "parent already answers")
        {
            engine.Step();
        }

        engine.Add(new EngineCoreRequest
        {
            RequestId = Id(1), PromptTokenIds = own, SamplingParams = Sampling with { Seed = 1 }, CacheSalt = difference == "other salt" ? "salt" : null,
            Tenant = difference == "other tenant" ? "tenant" : null, Priority = difference == "other priority" ? 1 : 0, ForkOf = difference == "unknown parent" ? "nobody" : Id(0),
        });
        engine.RunToEnd();
        engine.Results[Id(1)].Exact.Should().Equal(Alone(own, 1));
        engine.Core.Stats.PrefixCacheQueries.Should().Be(2 * 37, "both looked their prompt up");
    }

    [Fact]
    public void Step_PromptLogprobs_ParentSharesAndForksThatWantTheirOwnCompute()
    {
        var prompt = Prompt(37);
        using var engine = new EngineHarness();
        engine.Add(Id(0), prompt, Sampling with { Seed = 0, PromptLogprobs = 1 });
        engine.Add(Id(1), prompt, Sampling with { Seed = 1 }, forkOf: Id(0));
        engine.Add(Id(2), prompt, Sampling with { Seed = 2, PromptLogprobs = 1 }, forkOf: Id(0));
        engine.Step();
        engine.Core.Stats.StepTokens.Should().Be(2 * 37);
        engine.RunToEnd();
        AssertAsAlone(engine, prompt, 3);
        engine.Results[Id(0)].ExactPrompt.Should().HaveCount(36).And.Equal(engine.Results[Id(2)].ExactPrompt);
        engine.Results[Id(1)].PromptLogprobs.Should().BeNull();
    }

    [Fact]
    public void Stats_SharedPartialBlock_CountsOnce()
    {
        using var engine = new EngineHarness();
        AddFamily(engine, Prompt(37), 3);
        engine.Step();
        (engine.Core.Stats.KVSlots, engine.Core.Stats.KVSlotsFilled).Should().Be((48, 37));
        engine.Step();
        (engine.Core.Stats.KVSlots, engine.Core.Stats.KVSlotsFilled).Should().Be((32 + (3 * 16), 32 + (3 * 6)));
    }

    private static string Id(int answer) => $"answer-{answer}";

    private static void AddFamily(EngineHarness engine, int[] prompt, int answers)
    {
        for (var i = 0; i < answers; i++)
        {
            engine.Add(Id(i), prompt, Sampling with { Seed = i }, forkOf: i > 0 ? Id(0) : null);
        }
    }

    private static int Used(EngineHarness engine) => (int)(engine.Core.Stats.KVSlots / BlockSize);

    private static int[] Prompt(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(3, 4096))];
    }

    private static void AssertAsAlone(EngineHarness engine, int[] prompt, int answers)
    {
        for (var i = 0; i < answers; i++)
        {
            engine.Results[Id(i)].Exact.Should().Equal(Alone(prompt, i), $"answer {i}");
            engine.Results[Id(i)].FinishReason.Should().Be(FinishReason.Length);
        }
    }

    private static IEnumerable<(int Token, int Bits, string Top)> Alone(int[] prompt, int seed)
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = false });
        return engine.Run(prompt, Sampling with { Seed = seed }).Exact.ToList();
    }
}
