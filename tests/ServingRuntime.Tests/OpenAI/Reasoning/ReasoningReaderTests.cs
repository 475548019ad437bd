using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;
using Octavo.ServingRuntime.Tests.OpenAI.Answers;

namespace Octavo.ServingRuntime.Tests.OpenAI.Reasoning;

public sealed class ReasoningReaderTests
{
    private static readonly ReasoningFormat Tags = new("<think>", "</think>", Implied: false);

    [Theory]
    [InlineData(ReasoningStart.MayOpen, "<think>\nHm. 1 < 2\n</think>\n\nTwo.", "Hm. 1 < 2", "Two.")]
    [InlineData(ReasoningStart.MayOpen, "Two.", "", "Two.")]
    [InlineData(ReasoningStart.MayOpen, " <thin air>", "", " <thin air>")]
    [InlineData(ReasoningStart.MayOpen, "<think>", "", "")]
    [InlineData(ReasoningStart.Open, "Hm.\n</think>\n\nTwo.\n", "Hm.", "Two.\n")]
    [InlineData(ReasoningStart.Open, "<think>Hm.</think>Two.", "Hm.", "Two.")]
    [InlineData(ReasoningStart.Open, "never ends </thi", "never ends </thi", "")]
    [InlineData(ReasoningStart.Closed, "Two <think> x </think>", "", "Two <think> x </think>")]
    internal void Read_Texts_DivideTheSameHoweverCut(ReasoningStart start, string text, string reasoning, string content)
    {
        var format = new AnswerFormat { Reasoning = Tags, ReasoningStart = start };
        foreach (var size in (int[])[1, 2, 3, 5, 1000])
        {
            var read = Transcript.Read(format, text.Chunk(size).Select(c => new string(c)));

            read.Reasoning.Should().Be(reasoning);
            read.Content.Should().Be(content);
        }
    }

    [Fact]
    public void Read_CallAfterReasoning_IsFoundOnlyThere()
    {
        var format = new AnswerFormat
        {
            Reasoning = Tags, ReasoningStart = ReasoningStart.Open, ToolCalls = new HermesFormat(), Functions = new HashSet<string>(StringComparer.Ordinal) { "f" },
        };

        var read = Transcript.Read(format, ["I could <tool_call>{\"name\": \"f\"}</tool_call>.</think>\n", "\n<tool_call>{\"name\": \"f\"}</tool_call>"]);

        read.Reasoning.Should().Be("I could <tool_call>{\"name\": \"f\"}</tool_call>.");
        read.Calls.Should().Equal(("f", "{}"));
        read.Content.Should().BeEmpty();
        read.Finish.Should().Be("tool_calls");
    }

    [Fact]
    public void Read_ReasoningNotWanted_IsLeftOutAndStillCounted()
    {
        var reader = new AnswerReader(new AnswerFormat { Reasoning = Tags, ReasoningStart = ReasoningStart.Open, IncludeReasoning = false });

        reader.Read(new RequestOutput { TextDelta = "Hm", NewTokenIds = [1, 2] }).Should().BeEmpty();
        reader.Read(new RequestOutput { TextDelta = "</think>Two", NewTokenIds = [3] }).Should().Equal(new AnswerPart(AnswerPartKind.Content, "Two"));
        reader.Read(new RequestOutput { TextDelta = "!", NewTokenIds = [4], FinishReason = FinishReason.Stop }).Should().Equal(new AnswerPart(AnswerPartKind.Content, "!"));
        reader.ReasoningTokens.Should().Be(3);
    }

    [Fact]
    public void ReasoningTokens_TokensGatheredOrNot_AreTheSameWhereTheEndIsAToken()
    {
        var format = new AnswerFormat { Reasoning = Tags with { EndTokenId = 9 }, ReasoningStart = ReasoningStart.MayOpen };
        var (gathered, single) = (new AnswerReader(format), new AnswerReader(format));

        gathered.Read(new RequestOutput { TextDelta = "<think>Hm</think>Two.", NewTokenIds = [8, 3, 9, 4, 5] });
        foreach (var (text, id) in (IEnumerable<(string, int)>)[("<think>", 8), ("Hm", 3), ("</think>", 9), ("Two", 4), (".", 5)])
        {
            single.Read(new RequestOutput { TextDelta = text, NewTokenIds = [id] });
        }

        gathered.ReasoningTokens.Should().Be(3);
        single.ReasoningTokens.Should().Be(3);
    }

    [Theory]
    [InlineData("<|im_start|>assistant\n", false, ReasoningStart.MayOpen)]
    [InlineData("<|im_start|>assistant\n", true, ReasoningStart.Open)]
    [InlineData("<｜Assistant｜><think>\n", false, ReasoningStart.Open)]
    [InlineData("<|im_start|>assistant\n<think>\n\n</think>\n\n", true, ReasoningStart.Closed)]
    internal void StartAfter_PromptsEnd_TellsWhereTheAnswerBegins(string prompt, bool implied, ReasoningStart expected)
        => (Tags with { Implied = implied }).StartAfter(prompt).Should().Be(expected);
}
