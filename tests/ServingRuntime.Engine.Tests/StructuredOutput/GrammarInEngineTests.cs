using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.Tests.Speculation;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput;

/// <summary>Compiled grammars in the real engine.</summary>
public sealed class GrammarInEngineTests
{
    private static readonly CompiledGrammar Grammar = GrammarHarness.Schema(
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"sizes":{"type":"array","items":{"type":"integer"},"maxItems":3}},"required":["name","sizes"],"additionalProperties":false}""");

    [Fact]
    public void Step_SchemaWithDraftsAndPreemptions_SameValidTextAsAlone()
    {
        using var plain = new EngineHarness();
        var parameters = Enumerable.Range(0, 6).Select(i => new SamplingParams { Temperature = 0.8f, Seed = i, MaxTokens = 100, MinTokens = i, FrequencyPenalty = 0.2f * i, Logprobs = 0 }).ToList();
        var expected = parameters.Select((p, i) => plain.Run(GoldenCase.All[i].InputIds, p, constraint: Grammar)).ToList();

        var options = EngineHarness.Defaults with
        {
            NumBlocksOverride = 14, MaxModelLen = 160, AdmissionWatermark = 0, Speculative = new SpeculativeOptions { NumSpeculativeTokens = 6, MaxRunningRequests = 16 },
        };
        using var engine = new EngineHarness(options, proposer: new OracleProposer(id => expected[int.Parse(id)].Tokens, errsInOneOf: 5, seed: 4));
        for (var i = 0; i < parameters.Count; i++)
        {
            engine.Add($"{i}", GoldenCase.All[i].InputIds, parameters[i], constraint: Grammar);
        }

        engine.RunToEnd();

        engine.Core.Stats.NumPreemptions.Should().BePositive();
        engine.Core.Stats.Speculation!.NumAcceptedTokens.Should().BePositive();
        for (var i = 0; i < parameters.Count; i++)
        {
            var result = engine.Results[$"{i}"];
            result.Exact.Should().Equal(expected[i].Exact, $"request {i}");
            result.FinishReason.Should().Be(expected[i].FinishReason);
            if (result.FinishReason == FinishReason.Stop)
            {
                var text = GrammarHarness.Tokenizer.Decode(result.Tokens, skipSpecialTokens: true);
                JsonDocument.Parse(text).RootElement.EnumerateObject().Select(property => property.Name).Should().Equal("name", "sizes");
            }
        }

        engine.Results.Values.Count(result => result.FinishReason == FinishReason.Stop).Should().BeGreaterThan(3);
    }
}
