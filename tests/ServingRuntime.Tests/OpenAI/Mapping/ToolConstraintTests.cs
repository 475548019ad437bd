using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.Mapping;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.Tests.OpenAI.Mapping;

public sealed class ToolConstraintTests
{
    private static readonly AnswerFormat Hermes = new() { ToolCalls = new HermesFormat() };
    private static readonly OutputConstraint Json = new(new GrammarSpec.JsonObject(), "response_format");

    [Fact]
    public void Combine_AutoWithoutStrict_LeavesTheModelFree()
        => ToolConstraint.Combine(null, Tools(ToolChoice.Auto, Function("f")), Hermes).Should().BeNull();

    [Fact]
    public void Combine_AutoWithStrict_BindsCallsAlone()
    {
        var spec = ToolConstraint.Combine(null, Tools(ToolChoice.Auto, Function("f", strict: true), Function("g")), Hermes)!.Spec;

        var part = spec.Should().BeOfType<GrammarSpec.TriggeredText>().Which.Parts.Should().ContainSingle().Which;
        part.Trigger.Should().Be("<tool_call>");
        part.Continuation.Should().BeOfType<GrammarSpec.Alternation>().Which.Options.Should().HaveCount(2);
    }

    [Fact]
    public void Combine_Named_AllowsOneCallOfThatFunction()
    {
        var spec = ToolConstraint.Combine(null, Tools(ToolChoice.Named, Function("f"), Function("g")) with { Named = "g", Parallel = false }, Hermes)!.Spec;

        var repeat = spec.Should().BeOfType<GrammarSpec.Repeat>().Which;
        (repeat.Min, repeat.Max).Should().Be((1, 1));
        repeat.Part.Should().BeOfType<GrammarSpec.Sequence>().Which.Parts[0].Should().Be(new GrammarSpec.Literal("<tool_call>\n{\"name\": \"g\", \"arguments\": "));
    }

    [Fact]
    public void Combine_FormatAndTools_IsOneOrTheOther()
        => ToolConstraint.Combine(Json, Tools(ToolChoice.Auto, Function("f")), Hermes)!.Spec.Should().BeOfType<GrammarSpec.Alternation>().Which.Options[1].Should().Be(Json.Spec);

    [Fact]
    public void Combine_Reasoning_IsFreeBeforeTheAnswer()
    {
        var format = Hermes with { Reasoning = new ReasoningFormat("<think>", "</think>", false) };

        ToolConstraint.Combine(Json, ToolRequest.None, format with { ReasoningStart = ReasoningStart.Open })!.Spec.Should().Be(new GrammarSpec.AfterReasoning("</think>", Json.Spec));
        ToolConstraint.Combine(Json, ToolRequest.None, format with { ReasoningStart = ReasoningStart.Closed })!.Spec.Should().Be(Json.Spec);
        ToolConstraint.Combine(Json, ToolRequest.None, format with { ReasoningStart = ReasoningStart.MayOpen })!.Spec.Should().BeOfType<GrammarSpec.Alternation>();
    }

    private static ToolRequest Tools(ToolChoice choice, params FunctionTool[] functions) => new() { Choice = choice, Functions = functions };

    private static FunctionTool Function(string name, bool strict = false) => new(name, JsonElement.Parse("""{"type": "object"}"""), strict);
}
