using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.Tests.Sampling;

namespace Octavo.ServingRuntime.Engine.Tests.Speculation;

/// <summary>With drafts, right or wrong, every request gets what it gets without.</summary>
public sealed class SpeculationTests
{
    private static readonly SpeculativeOptions Ngram = new() { NumSpeculativeTokens = 5, PromptLookupMin = 1, PromptLookupMax = 4, MaxRunningRequests = 64 };

    private static readonly EngineOptions Speculative = EngineHarness.Defaults with { Speculative = Ngram };

    public static TheoryData<string> Kinds => ["greedy", "random", "penalties", "words", "stop", "constraint", "top"];

    [Fact]
    public void Step_Ngram_EqualsTransformersInFewerSteps()
    {
        using var engine = new EngineHarness(Speculative with { DType = "float32" });
        var steps = 0;
        for (var i = 0; i < GoldenCase.All.Count; i++)
        {
            engine.Add($"case {i}", GoldenCase.All[i].InputIds, EngineHarness.Greedy(48, logprobs: 5));
        }

        for (; engine.Core.HasUnfinishedRequests; steps++)
        {
            engine.Step();
        }

        for (var i = 0; i < GoldenCase.All.Count; i++)
        {
            engine.Results[$"case {i}"].Tokens.Should().Equal(GoldenCase.All[i].GreedyIds, $"case {i}");
        }

        var stats = engine.Core.Stats.Speculation!;
        stats.NumAcceptedTokens.Should().BePositive().And.BeLessThan(stats.NumDraftTokens);
        stats.AcceptedPerPosition.Sum().Should().Be(stats.NumAcceptedTokens);
        stats.AcceptedPerPosition.Should().HaveCount(5).And.BeInDescendingOrder();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_DraftsThatMostlyHold_SameTokensAndLogprobsInFewerSteps(string kind)
    {
        using var plain = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = false });
        var prompt = GoldenCase.All[3].InputIds;
        var (parameters, constraint) = Request(kind);
        var expected = plain.Run(prompt, parameters, constraint: constraint);

        var proposer = new OracleProposer(_ => expected.Tokens, errsInOneOf: 6, seed: 5);
        using var engine = new EngineHarness(Speculative, proposer: proposer);
        engine.Add("a", prompt, parameters, constraint: Request(kind).Constraint);
        var steps = 0;
        for (; engine.Core.HasUnfinishedRequests; steps++)
        {
            engine.Step();
        }

        var result = engine.Results["a"];
        result.Tokens.Should().Equal(expected.Tokens);
        result.Exact.Should().Equal(expected.Exact);
        (result.FinishReason, result.Last.IsStopToken, result.Last.StopTokenId).Should().Be((expected.FinishReason, expected.Last.IsStopToken, expected.Last.StopTokenId));
        steps.Should().BeLessThan(expected.Tokens.Count);
        proposer.Forgotten.Should().Equal("a");
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(9, 2)]
    [InlineData(64, 3)]
    public void Step_TightBudgetsAndBlocks_SameTokensAndSoundCache(int budget, int seed)
    {
        using var plain = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = false });
        var prompts = new[] { 0, 1, 3, 4, 6, 7 }.Select(i => GoldenCase.All[i].InputIds).ToList();
        var parameters = EngineHarness.Greedy(40, logprobs: 2);
        var expected = prompts.Select(prompt => plain.Run(prompt, parameters)).ToList();

        var options = Speculative with { MaxNumBatchedTokens = budget, NumBlocksOverride = 14, MaxModelLen = 128, AdmissionWatermark = 0 };
        using var engine = new EngineHarness(options, proposer: new OracleProposer(id => int.TryParse(id.Split('-')[0], out var i) ? expected[i].Tokens : null, errsInOneOf: 4, seed));
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < prompts.Count; i++)
            {
                engine.Add($"{i}-{round}", prompts[i], parameters, priority: i % 2);
            }

            while (engine.Core.HasUnfinishedRequests)
            {
                engine.Step();
                engine.Core.Stats.StepTokens.Should().BeLessThanOrEqualTo(budget);
            }

            for (var i = 0; i < prompts.Count; i++)
            {
                engine.Results[$"{i}-{round}"].Exact.Should().Equal(expected[i].Exact, $"request {i} of round {round}");
            }
        }

        (engine.Core.Stats.NumPreemptions > 0).Should().Be(budget > 4, "by four tokens a step few requests run at once");

        // What an output left in the cache is what it said, not what was guessed.
        var conversation = prompts[1].Concat(expected[1].Tokens).ToArray();
        var again = engine.Run(conversation, EngineHarness.Greedy(5, logprobs: 2));
        again.Exact.Should().Equal(plain.Run(conversation, EngineHarness.Greedy(5, logprobs: 2)).Exact);
    }

    [Fact]
    public void Step_Cached_AcceptedDraftsAreFoundAgain()
    {
        var golden = GoldenCase.All[0];
        using var engine = new EngineHarness(Speculative, proposer: new OracleProposer(_ => golden.GreedyIds, errsInOneOf: int.MaxValue, seed: 1));
        engine.Run(golden.InputIds, EngineHarness.Greedy(48));
        var conversation = golden.InputIds.Concat(golden.GreedyIds).ToArray();
        var again = engine.Run(conversation, EngineHarness.Greedy(1));
        again.Last.NumCachedTokens.Should().BeGreaterThanOrEqualTo((conversation.Length / 16 * 16) - 16);
    }

    [Fact]
    public void Step_ManyRunning_NoDrafts()
    {
        using var engine = new EngineHarness(Speculative with { Speculative = Ngram with { MaxRunningRequests = 2 } });
        for (var i = 0; i < 3; i++)
        {
            engine.Add($"{i}", [5, 6, 7, 5, 6, 7, 5, 6], EngineHarness.Greedy(10));
        }

        engine.RunToEnd();
        engine.Core.Stats.Speculation!.NumDrafts.Should().Be(0);
        engine.Run([5, 6, 7, 5, 6, 7, 5, 6], EngineHarness.Greedy(10));
        engine.Core.Stats.Speculation.NumDrafts.Should().BePositive();
    }

    [Fact]
    public void Step_ConstraintBreaksAmongDrafts_GivesWhatHeldAndThenTheError()
    {
        using var engine = new EngineHarness(Speculative, proposer: new OracleProposer(_ => [7, 8, 9, 10], errsInOneOf: int.MaxValue, seed: 3));
        engine.Add("broken", [5, 6], EngineHarness.Greedy(40), constraint: new SequenceConstraint([7], [8], [9], [10], [11]) { ThrowsAt = 6 });
        engine.RunToEnd();
        engine.Results["broken"].Tokens.Should().Equal(7, 8);
        engine.Results["broken"].FinishReason.Should().Be(FinishReason.Error);
    }

    [Fact]
    public void Validate_Faults_NamesAll()
    {
        var options = Speculative with
        {
            Speculative = new SpeculativeOptions { NumSpeculativeTokens = 17, PromptLookupMin = 4, PromptLookupMax = 3, MaxRunningRequests = 0 },
        };
        EngineOptionsValidator.Validate(options).Should().HaveCount(3).And.OnlyContain(fault => fault.StartsWith("Speculative."));
        EngineOptionsValidator.Validate(Speculative).Should().BeEmpty();
    }

    private static (SamplingParams Parameters, SequenceConstraint? Constraint) Request(string kind)
    {
        var greedy = EngineHarness.Greedy(40, logprobs: 3);
        var random = greedy with { Temperature = 0.8f, Seed = 11, TopP = 0.95f };
        return kind switch
        {
            "greedy" => (greedy, null),
            "random" => (random, null),
            "penalties" => (random with { RepetitionPenalty = 1.2f, FrequencyPenalty = 0.4f, PresencePenalty = 0.3f, MinTokens = 10 }, null),
            "words" => (greedy with { BadWordsTokenIds = [[GoldenCase.All[3].GreedyIds[4]], [GoldenCase.All[3].GreedyIds[0], GoldenCase.All[3].GreedyIds[1]]] }, null),
            "stop" => (greedy with { StopTokenIds = [GoldenCase.All[3].GreedyIds[17]] }, null),
            "constraint" => (random, new SequenceConstraint([.. Enumerable.Range(0, 25).Select(i => Enumerable.Range(30 * i, 30).ToArray())])),
            _ => (random with { TopK = 20, MinP = 0.02f, LogprobTokenIds = [1, 2, 3], LogitBias = new Dictionary<int, float> { [9] = 3 } }, null),
        };
    }
}
