using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput;

/// <summary>Composed specifications: tool calls of model families, reasoning before an answer.</summary>
public sealed class SpecificationReaderTests
{
    private const int ImStart = 1;

    private static readonly GrammarSpec Arguments = new GrammarSpec.JsonSchema(
        """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""");

    private static readonly GrammarSpec Hermes = new GrammarSpec.Sequence(
    [
        new GrammarSpec.Literal("<tool_call>\n{\"name\": \"weather\", \"arguments\": "), Arguments, new GrammarSpec.Literal("}\n</tool_call>"),
    ]);

    [Fact]
    public void Repeat_HermesCalls_OneOrMore()
    {
        var grammar = Compile(new GrammarSpec.Repeat(Hermes, 1, null, "\n"));
        const string call = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>";
        grammar.Matches(call).Should().BeTrue();
        grammar.Matches($"{call}\n{call}").Should().BeTrue();
        grammar.Matches($"{call}\n").Should().BeFalse();
        grammar.MayBegin($"{call}\n<tool").Should().BeTrue();
        grammar.Matches("").Should().BeFalse();
        grammar.Matches(call.Replace("city", "town", StringComparison.Ordinal)).Should().BeFalse();
    }

    [Fact]
    public void TriggeredText_TextWithoutTrigger_IsFree()
    {
        var call = new GrammarSpec.Sequence([new GrammarSpec.Literal("\n{\"name\": \"f\", \"arguments\": "), Arguments, new GrammarSpec.Literal("}\n</tool_call>")]);
        var grammar = Compile(new GrammarSpec.TriggeredText([new("<tool_call>", call), new("<tool_use>", new GrammarSpec.Literal("none</tool_use>"))]));
        grammar.Matches("").Should().BeTrue();
        grammar.Matches("Hello <tool> <<tool_cal l>").Should().BeTrue();
        grammar.Matches("Let me see. <tool_call>\n{\"name\": \"f\", \"arguments\": {\"city\": \"x\"}}\n</tool_call> and <tool_use>none</tool_use>").Should().BeTrue();
        grammar.Matches("<tool_call>").Should().BeFalse();
        grammar.MayBegin("<tool_call>\n{\"nam").Should().BeTrue();
        grammar.MayBegin("<tool_call>{").Should().BeFalse();
        grammar.MayBegin("<tool_use>some").Should().BeFalse();
    }

    [Fact]
    public void TriggeredText_FreeText_AllowsNearlyEveryTokenAndStop()
    {
        var constraint = Compile(new GrammarSpec.TriggeredText([new("<tool_call>", Arguments)])).Create([StopToken]);
        var allowed = Allowed(constraint);
        allowed.Should().Contain([StopToken, ImStart]);
        allowed.Count.Should().BeGreaterThan(Tokenizer.VocabSize - 20);
        constraint.IsComplete.Should().BeFalse();
    }

    [Fact]
    public void AfterReasoning_Marker_EndsTheFreedom()
    {
        var grammar = Compile(new GrammarSpec.AfterReasoning("</think>", new GrammarSpec.Choice(["yes", "no"])));
        grammar.Matches("hm, {\"a\"} </thin </think>\n\nyes").Should().BeTrue();
        grammar.Matches("</think>no").Should().BeTrue();
        grammar.Matches("yes").Should().BeFalse();
        grammar.MayBegin("hm</think> yes").Should().BeFalse();
        grammar.MayBegin("hm</think>\n\n\n").Should().BeFalse();
        Allowed(grammar.Create([StopToken])).Should().NotContain(StopToken, "an answer is due");
    }

    /// <summary>As Mistral's [TOOL_CALLS]: a token without text of its own.</summary>
    [Fact]
    public void Literal_AddedToken_IsThatTokenAndNotItsText()
    {
        var grammar = Compile(new GrammarSpec.Sequence([new GrammarSpec.Literal("<|im_start|>[{\"name\": \"f\", \"arguments\": "), Arguments, new GrammarSpec.Literal("}]")]));
        var constraint = grammar.Create([StopToken]);
        Allowed(constraint).Should().Equal(ImStart);
        constraint.Accept(ImStart);
        foreach (var token in Tokenizer.Encode("[{\"name\": \"f\", \"arguments\": {\"city\": \"x\"}}]", false))
        {
            Allowed(constraint).Should().Contain(token).And.NotContain(ImStart);
            constraint.Accept(token);
        }

        constraint.IsComplete.Should().BeTrue();
    }

    [Fact]
    public void TriggeredText_TriggerIsAnAddedToken_TokenTriggers()
    {
        var constraint = Compile(new GrammarSpec.TriggeredText([new("<|im_start|>", new GrammarSpec.Choice(["on", "off"]))])).Create([StopToken]);
        constraint.Accept(ImStart);
        Allowed(constraint).Select(id => Tokenizer.Decode([id], false)).Should().OnlyContain(text => text == "o" || text == "of" || text.StartsWith("on") || text.StartsWith("off"));
    }

    [Fact]
    public void Alternation_LlamaJsonCalls_NameDecidesTheSchema()
    {
        GrammarSpec Call(string name, string schema) => new GrammarSpec.Sequence(
            [new GrammarSpec.Literal($$"""{"name": "{{name}}", "parameters": """), new GrammarSpec.JsonSchema(schema), new GrammarSpec.Literal("}")]);
        var grammar = Compile(new GrammarSpec.Alternation(
        [
            Call("add", """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"""),
            Call("ask", """{"type":"object","properties":{"q":{"type":"string"}},"required":["q"],"additionalProperties":false}"""),
        ]));
        grammar.Matches("""{"name": "add", "parameters": {"a": 1}}""").Should().BeTrue();
        grammar.Matches("""{"name": "ask", "parameters": {"q": "x"}}""").Should().BeTrue();
        grammar.Matches("""{"name": "ask", "parameters": {"a": 1}}""").Should().BeFalse();
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(-1, 1)]
    public void Repeat_ImpossibleBounds_AreRefused(int min, int max)
        => Refusal(new GrammarSpec.Repeat(new GrammarSpec.Literal("a"), min, max)).Fault.Should().Be(GrammarFault.Invalid);

    [Fact]
    public void Compile_TooMuchText_IsTooComplex()
    {
        Refusal(new GrammarSpec.Choice([.. Enumerable.Range(0, 20000).Select(i => $"option {i}")])).Fault.Should().Be(GrammarFault.TooComplex);
        GrammarSpec nested = new GrammarSpec.Literal("a");
        for (var i = 0; i < 50; i++)
        {
            nested = new GrammarSpec.Sequence([nested]);
        }

        Refusal(nested).Fault.Should().Be(GrammarFault.TooComplex);
    }
}
