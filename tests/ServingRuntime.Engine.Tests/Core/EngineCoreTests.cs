using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class EngineCoreTests
{
    private static readonly int[] Prompt = [.. GoldenCase.All[0].InputIds];

    [Fact]
    public void Step_EosSampled_EndsWithStopAndGivesTheToken()
    {
        using var engine = new EngineHarness();
        var golden = GoldenCase.All[0];
        var result = engine.Run(golden.InputIds, EngineHarness.Greedy(48) with { IgnoreEos = false });
        result.FinishReason.Should().Be(FinishReason.Stop);
        result.Tokens.Should().Equal(golden.GreedyIds.Take(Array.IndexOf(golden.GreedyIds, 2) + 1));
        result.Last.StopTokenId.Should().BeNull("EOS is no stop token of the request's own");
    }

    [Fact]
    public void Step_StopToken_EndsAndNamesIt()
    {
        using var engine = new EngineHarness();
        var golden = GoldenCase.All[0];
        var result = engine.Run(golden.InputIds, EngineHarness.Greedy(48) with { StopTokenIds = [golden.GreedyIds[3]] });
        result.Tokens.Should().HaveCount(4);
        (result.FinishReason, result.Last.StopTokenId).Should().Be((FinishReason.Stop, golden.GreedyIds[3]));
    }

    [Fact]
    public void Step_MinTokens_KeepsEosAway()
    {
        using var engine = new EngineHarness();
        var result = engine.Run(Prompt, EngineHarness.Greedy(48) with { IgnoreEos = false, MinTokens = 40 });
        result.Tokens.Take(40).Should().NotContain(2);
        result.Tokens.Count.Should().BeGreaterThanOrEqualTo(40);
    }

    [Fact]
    public void Step_ModelLengthReached_EndsWithLength()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxModelLen = 20 });
        var result = engine.Run(Prompt, EngineHarness.Greedy(48));
        (result.FinishReason, Prompt.Length + result.Tokens.Count).Should().Be((FinishReason.Length, 20));
    }

    [Fact]
    public void Step_LogitBias_ForcesTheToken()
    {
        using var engine = new EngineHarness();
        var result = engine.Run(Prompt, EngineHarness.Greedy(5, logprobs: 1) with { LogitBias = new Dictionary<int, float> { [77] = 100f } });
        result.Tokens.Should().Equal(77, 77, 77, 77, 77);
        result.Logprobs[0].Rank.Should().BeGreaterThan(1, "log-probabilities are of the logits before the bias");
        result.Logprobs[0].Top.Should().ContainSingle().Which.TokenId.Should().Be(GoldenCase.All[0].TopIds[0]);
    }

    [Fact]
    public void Step_NotANumberForOne_EndsThatRequestAlone()
    {
        using var engine = new EngineHarness();
        engine.Add("bad", Prompt, EngineHarness.Greedy(5) with { LogitBias = new Dictionary<int, float> { [77] = float.NaN } });
        engine.Add("endless", Prompt, new SamplingParams { LogitBias = new Dictionary<int, float> { [77] = float.PositiveInfinity } });
        engine.Add("good", Prompt, EngineHarness.Greedy(48));
        engine.RunToEnd();
        engine.Results["bad"].Last.ErrorMessage.Should().Contain("not numbers");
        engine.Results["endless"].Last.ErrorMessage.Should().Contain("not numbers");
        engine.Results["good"].Tokens.Should().Equal(GoldenCase.All[0].GreedyIds);
    }

    [Fact]
    public void Step_AllowedTokens_OutsideOfTheVocabularyOrNone_IsRefused()
    {
        using var engine = new EngineHarness();
        engine.Run(Prompt, EngineHarness.Greedy(5) with { AllowedTokenIds = [5, 4096] }).Last.ErrorMessage.Should().Contain("allowed_token_ids");
        engine.Run(Prompt, EngineHarness.Greedy(5) with { AllowedTokenIds = [] }).Last.ErrorMessage.Should().Contain("allowed_token_ids");
        engine.Run(Prompt, EngineHarness.Greedy(5) with { AllowedTokenIds = [5] }).Tokens.Should().Equal(5, 5, 5, 5, 5);
    }

    [Fact]
    public void Step_SameSeed_SameTokensInAnyCompany()
    {
        var sampling = new SamplingParams { Temperature = 1.5f, Seed = 42, MaxTokens = 20, IgnoreEos = true };
        using var engine = new EngineHarness();
        var alone = engine.Run(Prompt, sampling);
        engine.Add("other", GoldenCase.All[8].InputIds, sampling with { Seed = 7 });
        engine.Add("same", Prompt, sampling);
        engine.Add("unseeded", Prompt, sampling with { Seed = null });
        engine.RunToEnd();
        engine.Results["same"].Tokens.Should().Equal(alone.Tokens);
        engine.Results["unseeded"].Tokens.Should().NotEqual(alone.Tokens);
    }

    [Fact]
    public void Step_SharedPrefix_IsCachedUnlessSalted()
    {
        using var engine = new EngineHarness();
        var prompt = GoldenCase.All[8].InputIds;
        engine.Run(prompt, EngineHarness.Greedy(1)).Last.NumCachedTokens.Should().Be(0);
        engine.Run(prompt, EngineHarness.Greedy(1)).Last.NumCachedTokens.Should().Be((prompt.Length - 1) / 16 * 16);
        engine.Run(prompt, EngineHarness.Greedy(1), salt: "a").Last.NumCachedTokens.Should().Be(0, "another tenant must not learn what was asked");
        engine.Run(prompt, EngineHarness.Greedy(1), salt: "a").Last.NumCachedTokens.Should().BePositive();
        engine.Core.Stats.PrefixCacheQueries.Should().Be(4 * prompt.Length);
        engine.Core.Stats.PrefixCacheHits.Should().Be(2 * ((prompt.Length - 1) / 16 * 16));
    }

    [Fact]
    public void Step_SamePromptsInOneStep_ShareBlocks()
    {
        using var engine = new EngineHarness();
        var golden = GoldenCase.All[8];
        engine.Add("first", golden.InputIds, EngineHarness.Greedy(48));
        engine.Add("second", golden.InputIds, EngineHarness.Greedy(48));
        engine.Step();
        engine.Core.Stats.StepTokens.Should().Be(golden.InputIds.Length + 16, "208 tokens are 13 blocks, of which the last is computed again for its logits");
        engine.RunToEnd();
        engine.Results["first"].Tokens.Should().Equal(golden.GreedyIds);
        engine.Results["second"].Tokens.Should().Equal(golden.GreedyIds);
    }

    [Fact]
    public void AbortRequest_RunningWaitingOrUnknown_FreesBlocksAndSaysNothing()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumSeqs = 1 });
        engine.Add("running", Prompt, EngineHarness.Greedy(40));
        engine.Add("waiting", Prompt, EngineHarness.Greedy(40));
        engine.Step();
        (engine.Core.Stats.NumRunning, engine.Core.Stats.NumWaiting).Should().Be((1, 1));
        engine.Core.AbortRequest("running");
        engine.Core.AbortRequest("waiting");
        engine.Core.AbortRequest("nobody");
        engine.Core.HasUnfinishedRequests.Should().BeFalse();
        engine.Core.Stats.KVCacheUsage.Should().Be(0);
        var outputs = new List<EngineCoreOutput>();
        engine.Core.Step(outputs);
        outputs.Should().BeEmpty();
    }

    [Fact]
    public void AddRequest_IdInUse_IsRefusedAndTheOtherGoesOn()
    {
        using var engine = new EngineHarness();
        engine.Add("same", Prompt, EngineHarness.Greedy(40));
        engine.Step();
        engine.Core.AddRequest(new EngineCoreRequest { RequestId = "same", PromptTokenIds = Prompt, SamplingParams = EngineHarness.Greedy(1) });
        engine.Step();
        engine.Results["same"].Last.ErrorMessage.Should().Contain("already being served");
        engine.Core.AbortRequest("same");
        engine.Core.HasUnfinishedRequests.Should().BeFalse("it is still known under its id");
    }

    [Fact]
    public void ResetPrefixCache_WhileRequestsRun_TheyGoOnAndNobodyFindsAnything()
    {
        using var engine = new EngineHarness();
        var golden = GoldenCase.All[8];
        engine.Add("first", golden.InputIds, EngineHarness.Greedy(48));
        engine.Add("second", golden.InputIds, EngineHarness.Greedy(48));
        engine.Step();
        engine.Core.ResetPrefixCache();
        engine.RunToEnd();
        engine.Results["first"].Tokens.Should().Equal(golden.GreedyIds);
        engine.Results["second"].Tokens.Should().Equal(golden.GreedyIds);
        engine.Run(golden.InputIds, EngineHarness.Greedy(1)).Last.NumCachedTokens.Should().BeLessThan(golden.InputIds.Length / 2, "only what was completed since can be found");
    }

    [Theory]
    [InlineData(0, 0, 5, "*1 to 2047 tokens, this one 0*")]
    [InlineData(2048, 3, 5, "*1 to 2047 tokens, this one 2048*")]
    [InlineData(4, 4096, 5, "*token 4096*vocabulary of 4096*")]
    [InlineData(4, -1, 5, "*token -1*")]
    [InlineData(4, 4, 0, "*max_tokens is 0*")]
    public void AddRequest_Unservable_ErrorOutputAtTheNextStep(int length, int token, int maxTokens, string message)
    {
        using var engine = new EngineHarness();
        engine.Add("bad", Enumerable.Repeat(token, length).ToArray(), EngineHarness.Greedy(maxTokens));
        engine.Core.HasUnfinishedRequests.Should().BeTrue();
        engine.RunToEnd();
        engine.Results["bad"].FinishReason.Should().Be(FinishReason.Error);
        engine.Results["bad"].Last.ErrorMessage.Should().Match(message);
    }

    [Fact]
    public void Stats_AfterTraffic_AddUp()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumSeqs = 1 });
        engine.Add("a", Prompt, EngineHarness.Greedy(3));
        engine.Add("b", Prompt, EngineHarness.Greedy(3));
        engine.Core.Stats.UncachedQueuedTokens.Should().Be(2 * Prompt.Length);
        engine.Step();
        var stats = engine.Core.Stats;
        (stats.StepTokens, stats.UncachedQueuedTokens, stats.NumRunning, stats.NumWaiting).Should().Be((Prompt.Length, Prompt.Length, 1, 1));
        stats.KVCacheUsage.Should().BeApproximately(1.0 / 1023, 1e-9);
        (stats.KVSlots, stats.KVSlotsFilled, stats.Steps).Should().Be((16, Prompt.Length, 1));
        stats.StepSeconds.Should().BeGreaterThan(stats.ScheduleSeconds);
        stats.ScheduleSeconds.Should().BePositive();
    }

    [Fact]
    public void Create_ManyFaults_NamesAllAtOnce()
    {
        var create = () => EngineCoreFactory.Create(
            new EngineOptions { Device = "cpu", ModelPath = "/nowhere", DType = "int3", BlockSize = 7, MaxNumSeqs = 0, CpuThreads = -1, CpuInstructions = "sse9", MaxNumBatchedTokens = 0 },
            TimeProvider.System, NullLogger.Instance);
        create.Should().Throw<EngineStartException>().WithMessage("*ModelPath*/nowhere*DType*int3*BlockSize*7*MaxNumSeqs*MaxNumBatchedTokens*CpuThreads*CpuInstructions*sse9*amx*");
    }

    [Fact]
    public void Create_RequestDoesNotFit_NamesTheLargestLength()
    {
        var create = () => EngineCoreFactory.Create(
            new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, NumBlocksOverride = 10 }, TimeProvider.System, NullLogger.Instance);
        create.Should().Throw<EngineStartException>().WithMessage("*2048 tokens*largest max-model-len that fits is 144*");
    }

    [Fact]
    public void Create_LongerThanTheModel_IsRefused()
    {
        var create = () => EngineCoreFactory.Create(
            new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, MaxModelLen = 4096 }, TimeProvider.System, NullLogger.Instance);
        create.Should().Throw<EngineStartException>().WithMessage("*MaxModelLen: 4096*2048*");
    }
}
