using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

/// <summary>Constraints in the engine: hand-made ones, the real model.</summary>
public sealed class ConstraintTests
{
    private static readonly int[] Prompt = GoldenCase.All[0].InputIds;

    [Fact]
    public void Step_GreedyUnderAMask_TakesTheLikeliestAllowedAndEndsWhenComplete()
    {
        using var engine = new EngineHarness();
        var free = engine.Run(Prompt, EngineHarness.Greedy(1, logprobs: -1));
        int[] allowed = [5, 31, 32, 900, 4095];
        var likeliest = free.Logprobs[0].Top.First(t => allowed.Contains(t.TokenId)).TokenId;

        var result = engine.Run(Prompt, EngineHarness.Greedy(48, logprobs: 1), constraint: new SequenceConstraint(allowed, [77], [78]));

        result.Tokens.Should().Equal(likeliest, 77, 78);
        result.FinishReason.Should().Be(FinishReason.Stop);
        result.Last.IsStopToken.Should().BeFalse("the last token is part of the text");
        result.Logprobs[0].Top[0].TokenId.Should().Be(GoldenCase.All[0].TopIds[0], "log-probabilities are of the raw logits");
    }

    [Fact]
    public void Step_RandomUnderAMask_NeverLeavesIt()
    {
        using var engine = new EngineHarness();
        var allowed = Enumerable.Range(100, 40).ToArray();
        var constraint = new SequenceConstraint([.. Enumerable.Repeat(allowed, 30)]);
        var result = engine.Run(Prompt, new SamplingParams { Temperature = 2, TopP = 0.99f, Seed = 4, MaxTokens = 100 }, constraint: constraint);
        result.Tokens.Should().HaveCount(30).And.OnlyContain(token => allowed.Contains(token));
        result.Tokens.Distinct().Count().Should().BeGreaterThan(5);
        constraint.Accepted.Should().Equal(result.Tokens);
    }

    [Fact]
    public void Step_StopTokenUnderAMask_EndsTheRequestAsAStopToken()
    {
        using var engine = new EngineHarness();
        var constraint = new SequenceConstraint([7], [8], [9]) { MayEndAfter = [1] };
        var parameters = EngineHarness.Greedy(48) with { IgnoreEos = false, LogitBias = new Dictionary<int, float> { [2] = 1000f } };
        var result = engine.Run(Prompt, parameters, constraint: constraint);
        result.Tokens.Should().Equal(7, 2);
        (result.FinishReason, result.Last.IsStopToken).Should().Be((FinishReason.Stop, true));
        constraint.StopTokens.Should().Equal(2);
    }

    [Fact]
    public void Step_IgnoreEosAndMinTokens_KeepStopTokensOutOfTheMask()
    {
        using var engine = new EngineHarness();
        var constraint = new SequenceConstraint([7], [8], [9]) { MayEndAfter = [1] };
        var bias = new Dictionary<int, float> { [2] = 1000f, [3] = 1000f };
        engine.Run(Prompt, EngineHarness.Greedy(48) with { LogitBias = bias }, constraint: constraint).Tokens.Should().Equal(7, 8, 9);
        constraint.StopTokens.Should().BeEmpty();

        var late = EngineHarness.Greedy(48) with { LogitBias = bias, StopTokenIds = [3], MinTokens = 20 };
        var result = engine.Run(Prompt, late, constraint: constraint);
        result.Tokens.Should().Equal(7, 8, 9);
        result.FinishReason.Should().Be(FinishReason.Stop, "a complete output cannot grow to min_tokens");
    }

    [Fact]
    public void Step_AllowedTokensAndBias_WorkWithinTheMask()
    {
        using var engine = new EngineHarness();
        var parameters = EngineHarness.Greedy(48) with
        {
            AllowedTokenIds = [20, 21, 40], BadWordsTokenIds = [[20]], LogitBias = new Dictionary<int, float> { [50] = 1000f },
        };
        engine.Run(Prompt, parameters, constraint: new SequenceConstraint([20, 21, 50], [40, 50])).Tokens.Should().Equal(21, 40);
    }

    [Fact]
    public void Step_MaxTokens_CutsWithLength()
    {
        using var engine = new EngineHarness();
        var result = engine.Run(Prompt, EngineHarness.Greedy(2), constraint: new SequenceConstraint([7], [8], [9]));
        result.Tokens.Should().Equal(7, 8);
        result.FinishReason.Should().Be(FinishReason.Length);
    }

    [Fact]
    public void Step_MaskSaysAnything_SamplesAsWithout()
    {
        using var engine = new EngineHarness();
        var result = engine.Run(Prompt, EngineHarness.Greedy(48), constraint: new SequenceConstraint([], [], [], [88]));
        result.Tokens.Should().Equal(GoldenCase.All[0].GreedyIds.Take(3).Append(88));
    }

    [Fact]
    public void Step_Preempted_TheStateIsKept()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxModelLen = 80, NumBlocksOverride = 6, EnablePrefixCaching = false, AdmissionWatermark = 0 });
        var steps = Enumerable.Range(100, 40).Select(token => new[] { token }).ToArray();
        var constraint = new SequenceConstraint(steps);
        engine.Add("old", Prompt, EngineHarness.Greedy(40));
        engine.Add("young", Prompt, EngineHarness.Greedy(60), priority: 1, constraint: constraint);
        engine.RunToEnd();
        engine.Core.Stats.NumPreemptions.Should().BePositive();
        engine.Results["young"].Tokens.Should().Equal(Enumerable.Range(100, 40));
        constraint.Accepted.Should().Equal(Enumerable.Range(100, 40), "recomputing accepts nothing twice");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Step_ConstraintThrows_EndsItsRequestAlone(int call)
    {
        using var engine = new EngineHarness();
        engine.Add("broken", Prompt, EngineHarness.Greedy(40), constraint: new SequenceConstraint([7], [8], [9]) { ThrowsAt = call });
        engine.Add("other", Prompt, EngineHarness.Greedy(48));
        engine.RunToEnd();
        engine.Results["broken"].FinishReason.Should().Be(FinishReason.Error);
        engine.Results["broken"].Last.ErrorMessage.Should().Contain("the constraint broke");
        engine.Results["other"].Tokens.Should().Equal(GoldenCase.All[0].GreedyIds);
    }

    [Fact]
    public void Step_NothingIsAllowed_EndsItsRequestAlone()
    {
        using var engine = new EngineHarness();
        engine.Add("stuck", Prompt, EngineHarness.Greedy(40) with { BadWordsTokenIds = [[7]] }, constraint: new SequenceConstraint([7], [8]));
        engine.Add("other", Prompt, EngineHarness.Greedy(48));
        engine.RunToEnd();
        engine.Results["stuck"].FinishReason.Should().Be(FinishReason.Error);
        engine.Results["stuck"].Last.ErrorMessage.Should().Contain("no token may follow");
        engine.Results["other"].Tokens.Should().Equal(GoldenCase.All[0].GreedyIds);
    }

    [Fact]
    public void AddRequest_SourceThrows_EndsItsRequestAlone()
    {
        using var engine = new EngineHarness();
        engine.Add("broken", Prompt, EngineHarness.Greedy(40), constraint: new SequenceConstraint([7]) { ThrowsAt = 0 });
        engine.Add("other", Prompt, EngineHarness.Greedy(48));
        engine.RunToEnd();
        (engine.Results["broken"].FinishReason, engine.Results["broken"].Tokens.Count).Should().Be((FinishReason.Error, 0));
        engine.Results["broken"].Last.ErrorMessage.Should().Contain("the constraint broke");
        engine.Results["other"].Tokens.Should().Equal(GoldenCase.All[0].GreedyIds);
    }
}
