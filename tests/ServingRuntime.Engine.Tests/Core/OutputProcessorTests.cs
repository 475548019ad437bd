using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class OutputProcessorTests
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));

    [Theory]
    [InlineData("one two three", "two", false, "one ")]
    [InlineData("one two three", "two", true, "one two")]
    [InlineData("one two three", " th", false, "one two")]
    [InlineData("unprecedented words", "recedented w", false, "unp")]
    [InlineData("abc", "abc", false, "")]
    public void Process_StopString_EndsTheTextBeforeOrAfterIt(string text, string stop, bool include, string expected)
    {
        var outputs = Run(text, [stop], include);

        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be(expected);
        outputs[^1].FinishReason.Should().Be(FinishReason.Stop);
        outputs[^1].StopString.Should().Be(stop);
    }

    [Fact]
    public void Append_SpecialTokens_AreSkippedButForThoseThatAreNeeded()
    {
        var detokenizer = new IncrementalDetokenizer(Tokenizer, [], skipSpecialTokens: true, new HashSet<int> { 1 });
        var text = string.Concat(((int[])[0, 1, .. Tokenizer.Encode("x", addSpecialTokens: false), 0]).Select(detokenizer.Append));

        (text + detokenizer.Flush()).Should().Be("<|im_start|>x");
    }

    [Fact]
    public void Process_BeginningOfAStopStringAtTheEnd_IsGivenOutWhenTheAnswerEnds()
    {
        var outputs = Run("wait for it", ["it!"], include: false);

        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be("wait for it");
        outputs[^1].FinishReason.Should().Be(FinishReason.Length);
    }

    [Fact]
    public void Process_PossibleStop_IsNeverSentBeforeItIsDecided()
    {
        // Every prefix sent so far must be a prefix of the final text.
        var sent = "";
        foreach (var output in Run("1 2 3 4 5 6", ["3 4 5 7", "5 6"], include: false))
        {
            sent += output.TextDelta;
            "1 2 3 4 ".Should().StartWith(sent);
        }

        sent.Should().Be("1 2 3 4 ");
    }

    [Fact]
    public void Process_StopToken_IsNoPartOfTheText()
    {
        var processor = new OutputProcessor(Tokenizer, Request([], include: false), 0);
        var text = "";
        foreach (var token in Tokenizer.Encode("hello", addSpecialTokens: false))
        {
            text += processor.Process(new EngineCoreOutput { RequestId = "r", NewTokenId = token }).TextDelta;
        }

        var output = processor.Process(new EngineCoreOutput { RequestId = "r", NewTokenId = 16, FinishReason = FinishReason.Stop, IsStopToken = true, StopTokenId = 16 });

        (text + output.TextDelta).Should().Be("hello");
        output.StopTokenId.Should().Be(16);
        output.NewTokenIds.Should().Equal(16);
        processor.StoppedByString.Should().BeFalse();
    }

    [Fact]
    public void Process_StopStringBeforeMinTokens_IsIgnored()
    {
        var tokens = Tokenizer.Encode("a b a b", addSpecialTokens: false);
        var request = Request(["a"], include: false) with { SamplingParams = new SamplingParams { MinTokens = tokens.Count - 1 } };

        var outputs = Feed(new OutputProcessor(Tokenizer, request, 0), tokens);

        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be("a b a b");
    }

    [Fact]
    public void Process_Logprobs_CarryTextAndBytes()
    {
        var tokens = Tokenizer.Encode("👩", addSpecialTokens: false);
        var processor = new OutputProcessor(Tokenizer, Request([], include: false), 0);

        var output = processor.Process(new EngineCoreOutput
        {
            RequestId = "r",
            NewTokenId = tokens[0],
            NewLogprobs = new TokenLogprobs(tokens[0], -0.5f, 1, [(tokens[0], -0.5f), (35, -2f)]),
        });

        output.NewLogprobs.Should().ContainSingle();
        output.NewLogprobs![0].Sampled.Bytes.Should().Equal(0xF0);
        output.NewLogprobs[0].Sampled.Text.Should().Be("\uFFFD");
        output.NewLogprobs[0].Top[1].Text.Should().Be("A");
    }

    private static GenerationRequest Request(string[] stops, bool include) => new()
    {
        RequestId = "r",
        PromptTokenIds = [0, 1],
        SamplingParams = new SamplingParams { MaxTokens = 100 },
        StopStrings = stops,
        IncludeStopStringInOutput = include,
    };

    private static List<RequestOutput> Run(string text, string[] stops, bool include)
        => Feed(new OutputProcessor(Tokenizer, Request(stops, include), 0), Tokenizer.Encode(text, addSpecialTokens: false));

    private static List<RequestOutput> Feed(OutputProcessor processor, List<int> tokens)
    {
        var outputs = new List<RequestOutput>();
        for (var i = 0; i < tokens.Count; i++)
        {
            outputs.Add(processor.Process(new EngineCoreOutput
            {
                RequestId = "r", NewTokenId = tokens[i], FinishReason = i + 1 == tokens.Count ? FinishReason.Length : null,
            }));
            if (outputs[^1].FinishReason is not null)
            {
                break;
            }
        }

        return outputs;
    }
}
