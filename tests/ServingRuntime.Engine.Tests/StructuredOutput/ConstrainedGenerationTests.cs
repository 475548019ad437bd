using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Json;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput;

/// <summary>The real engine on the tiny model, which knows nothing of JSON: what it writes under a constraint is valid all the same.</summary>
public sealed class ConstrainedGenerationTests
{
    private const string Person =
        """
        {"type":"object","properties":{
          "name":{"type":"string","minLength":1,"maxLength":12},
          "age":{"type":"integer","minimum":0,"maximum":130},
          "tags":{"type":"array","items":{"enum":["red","green","blue"]},"maxItems":3},
          "address":{"anyOf":[{"type":"null"},{"type":"object","properties":{"zip":{"type":"string","pattern":"^[0-9]{5}$"}},"required":["zip"],"additionalProperties":false}]}},
         "required":["name","age","address"],"additionalProperties":false}
        """;

    private static readonly int[] Prompt = GoldenCase.All[0].InputIds;

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    [InlineData(3f)]
    public void Step_BoundedSchema_AlwaysGivesValidJson(float temperature)
    {
        var grammar = Schema(Person);
        using var schema = JsonDocument.Parse(Person);
        using var engine = new EngineHarness();
        for (var i = 0; i < 12; i++)
        {
            engine.Add($"r{i}", Prompt, new SamplingParams { Temperature = temperature, Seed = i, MaxTokens = 220 }, constraint: grammar);
        }

        engine.RunToEnd();
        foreach (var (_, result) in engine.Results)
        {
            result.FinishReason.Should().Be(FinishReason.Stop);
            var text = Streamed(result.Tokens);
            using var value = JsonDocument.Parse(text);
            SchemaValidator.Error(schema.RootElement, schema.RootElement, value.RootElement).Should().BeNull(text);
        }
    }

    [Fact]
    public void Step_RegexAndChoice_GiveWhatTheyAllow()
    {
        using var engine = new EngineHarness();
        var parameters = new SamplingParams { Temperature = 2, MaxTokens = 60 };
        for (var i = 0; i < 8; i++)
        {
            engine.Add($"regex{i}", Prompt, parameters with { Seed = i }, constraint: Compile(new GrammarSpec.Regex("(\\+[0-9]{1,3} )?[0-9]{3}-[0-9]{4}")));
            engine.Add($"choice{i}", Prompt, parameters with { Seed = i }, constraint: Compile(new GrammarSpec.Choice(["positive", "negative", "neutral"])));
        }

        engine.RunToEnd();
        foreach (var (id, result) in engine.Results)
        {
            Streamed(result.Tokens).Should().MatchRegex(id.StartsWith("regex", StringComparison.Ordinal) ? "^(\\+[0-9]{1,3} )?[0-9]{3}-[0-9]{4}$" : "^(positive|negative|neutral)$");
        }
    }

    [Fact]
    public void Step_OtherRestrictionsLeaveNothing_OnlyThatRequestFails()
    {
        using var engine = new EngineHarness();
        engine.Add("stuck", Prompt, EngineHarness.Greedy(8) with { AllowedTokenIds = [100] }, constraint: Compile(new GrammarSpec.Choice(["zebra"])));
        engine.Add("fine", Prompt, EngineHarness.Greedy(8));
        engine.RunToEnd();
        engine.Results["stuck"].FinishReason.Should().Be(FinishReason.Error);
        engine.Results["fine"].Tokens.Should().HaveCount(8);
    }

    /// <summary>As a client that streams sees it.</summary>
    private static string Streamed(IEnumerable<int> tokens)
    {
        var detokenizer = new IncrementalDetokenizer(Tokenizer, Prompt, skipSpecialTokens: true);
        return string.Concat(tokens.Where(t => t != StopToken).Select(detokenizer.Append)) + detokenizer.Flush();
    }
}
