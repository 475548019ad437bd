using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.ToolCalls;
using Octavo.ServingRuntime.Tests.OpenAI.Answers;

namespace Octavo.ServingRuntime.Tests.OpenAI.ToolCalls;

public sealed class ToolCallParserTests
{
    private static readonly AnswerFormat Hermes = Format(new HermesFormat());
    private static readonly AnswerFormat Llama = Format(new LlamaJsonFormat());
    private static readonly AnswerFormat Mistral = Format(new MistralFormat(named: true));

    [Theory]
    [InlineData("Hello  ", "Hello  ", "", "stop")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>", "", "f{\"a\": 1}", "tool_calls")]
    [InlineData("I look.\n<tool_call>{\"name\": \"f\", \"arguments\": {\"a\":  \"é\"} }</tool_call>\n<tool_call>\n{\"arguments\": {}, \"name\": \"g\"}\n</tool_call>\n", "I look.", "f{\"a\":  \"é\"};g{}", "tool_calls")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": \\\"\\\\u00e9\\\"}\"}</tool_call> Done.", "Done.", "f{\"a\": \"\\u00e9\"}", "tool_calls")]
    [InlineData("<tool_call>{\"name\": \"f\"}</tool_call>", "", "f{}", "tool_calls")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": null}</tool_call>", "", "f{}", "tool_calls")]
    [InlineData("<tool_call>{\"id\": [1, {}], \"name\": \"f\", \"arguments\": {\"x\": \"</tool_call>\"}}}</tool_call>", "", "f{\"x\": \"</tool_call>\"}", "tool_calls")]
    [InlineData("<tool_call>[{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"arguments\": {}}]</tool_call>", "", "f{};g{}", "tool_calls")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": nope}}</tool_call> after", "after", "f{}", "stop")]
    [InlineData("<tool_call>not json</tool_call>", "<tool_call>not json</tool_call>", "", "stop")]
    [InlineData("<tool_call>{\"name\": 5}</tool_call>", "<tool_call>{\"name\": 5}</tool_call>", "", "stop")]
    [InlineData("a < b, <tool, </tool_call> c", "a < b, <tool,  c", "", "stop")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {}}", "", "f{}", "tool_calls")]
    public void Hermes_Texts_GiveContentAndCalls(string text, string content, string calls, string finish) => Check(Hermes, text, content, calls, finish);

    [Theory]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": 1}}", "", "f{\"a\": 1}", "tool_calls")]
    [InlineData("<|python_tag|>{\"type\": \"function\", \"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"arguments\": {\"b\": []}}", "", "f{};g{\"b\": []}", "tool_calls")]
    [InlineData("Let me see. <|python_tag|>{\"name\": \"f\", \"parameters\": {}}", "Let me see.", "f{}", "tool_calls")]
    [InlineData("{\"name\": \"unknown\", \"parameters\": {}}", "{\"name\": \"unknown\", \"parameters\": {}}", "", "stop")]
    [InlineData("{\"temperature\": 20}", "{\"temperature\": 20}", "", "stop")]
    [InlineData(" Plain { text }", " Plain { text }", "", "stop")]
    [InlineData("<|python_tag|>print(1)", "print(1)", "", "stop")]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": 'x'}}", "", "f{}", "stop")]
    public void Llama_Texts_GiveContentAndCalls(string text, string content, string calls, string finish) => Check(Llama, text, content, calls, finish);

    [Theory]
    [InlineData("[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"abcdefghi\"}, {\"name\": \"g\", \"arguments\": {}}]", "", "f{\"a\": 1};g{}", "tool_calls")]
    [InlineData("Sure.[TOOL_CALLS]f[ARGS]{\"a\": [1]}[TOOL_CALLS]g[CALL_ID]abc123456[ARGS]{}", "Sure.", "f{\"a\": [1]};g{}", "tool_calls")]
    [InlineData("[TOOL_CALLS]f{\"a\": 1}", "", "f{\"a\": 1}", "tool_calls")]
    [InlineData("[TOOL_CALLS]{\"name\": \"f\", \"arguments\": {}}", "", "f{}", "tool_calls")]
    [InlineData("[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}}][TOOL_CALLS]g[ARGS]{}", "", "f{};g{}", "tool_calls")]
    [InlineData("[TOOL_CALLS] ?", "[TOOL_CALLS] ?", "", "stop")]
    [InlineData("[TOOL_CALLS]f[ARGS]{\"a\": oops}", "", "f{}", "stop")]
    [InlineData("[1, 2] and [TOOL", "[1, 2] and [TOOL", "", "stop")]
    public void Mistral_Texts_GiveContentAndCalls(string text, string content, string calls, string finish) => Check(Mistral, text, content, calls, finish);

    [Theory]
    [InlineData("Look: <tool_call>\n{\"name\": \"f\", \"arguments\": {\"city\": \"Os", "Look:", "f{\"city\": \"Os\"}")]
    [InlineData("Look: <tool_call>\n{\"name\": \"f\", \"arguments\": {\"city\": \"Oslo\", \"da", "Look:", "f{\"city\": \"Oslo\"}")]
    [InlineData("Look: <tool_call>\n{\"name\": \"f\", \"argu", "Look:", "")]
    [InlineData("Look: <tool_c", "Look: ", "")]
    [InlineData("if a <", "if a <", "")]
    public void Hermes_CutByLength_IsValidJsonAndNoHalfTag(string text, string content, string calls)
    {
        var read = Transcript.Read(Hermes, [text], FinishReason.Length);

        read.Content.Should().Be(content);
        string.Join(';', read.Calls.Select(c => c.Name + c.Arguments)).Should().Be(calls);
        read.Finish.Should().Be("length");
    }

    [Fact]
    public void Arguments_WhileTheyCome_ArePassedOnAtOnce()
    {
        var seen = new List<AnswerPart>();
        Transcript.Read(Hermes, ["<tool_call>{\"name\": \"f\", \"arguments\": ", "{\"text\": \"long ", "and longer", " still\"}}</tool_call>"], onPart: seen.Add);

        seen.Should().Equal(
            new AnswerPart(AnswerPartKind.ToolCall, "f"),
            new AnswerPart(AnswerPartKind.Arguments, "{\"text\": \"long "),
            new AnswerPart(AnswerPartKind.Arguments, "and longer"),
            new AnswerPart(AnswerPartKind.Arguments, " still\"}"));
    }

    [Fact]
    public void Read_NoParallelCalls_KeepsTheFirst()
    {
        var read = Transcript.Read(Hermes with { ParallelToolCalls = false }, ["<tool_call>{\"name\": \"f\"}</tool_call><tool_call>{\"name\": \"g\"}</tool_call>"]);

        read.Calls.Should().Equal(("f", "{}"));
    }

    [Fact]
    public void Read_NamedFunction_FinishesWithStop()
        => Transcript.Read(Hermes with { FunctionIsNamed = true }, ["<tool_call>{\"name\": \"f\"}</tool_call>"]).Finish.Should().Be("stop");

    [Fact]
    public void AnyText_AnyCut_SameCallsAndAlwaysValidJson()
    {
        var texts =
            from format in Gen.Choose(0, 2)
            from pieces in Gen.ListOf(Piece(format))
            from noise in Gen.Elements("", "", "", "<tool_call>", "</tool", "[TOOL_CALLS]", "{\"name\": \"f\", ", "}}")
            from cut in Gen.Choose(0, 3)
            from seed in Gen.Choose(0, 1 << 30)
            select (Format: (AnswerFormat[])[Hermes, Llama, Mistral], Index: format, Text: Cut(string.Concat(pieces.Take(5)) + noise, cut, seed), seed);
        Prop.ForAll(Arb.From(texts), item =>
        {
            var format = item.Format[item.Index];
            foreach (var reason in (FinishReason[])[FinishReason.Stop, FinishReason.Length])
            {
                var whole = Transcript.Read(format, [item.Text], reason);
                foreach (var call in whole.Calls)
                {
                    JsonDocument.Parse(call.Arguments).Dispose();
                }

                Transcript.Read(format, item.Text.Select(c => c.ToString()), reason).ToString().Should().Be(whole.ToString());
                Transcript.Read(format, Split(item.Text, item.seed), reason).ToString().Should().Be(whole.ToString());
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(20251122, 9));
    }

    [Fact]
    public void AnyCalls_WellWritten_AreFoundExactly()
    {
        var calls = Gen.ListOf(from name in Gen.Elements("f", "g") from arguments in JsonRelayTests.Object() select (name, arguments));
        Prop.ForAll(Arb.From(calls), list =>
        {
            var hermes = string.Concat(list.Select(c => $"\n<tool_call>\n{{\"name\": \"{c.name}\", \"arguments\": {c.arguments}}}\n</tool_call>"));
            var llama = string.Join("; ", list.Select(c => $"{{\"name\": \"{c.name}\", \"parameters\": {c.arguments}}}"));
            var mistral = list.Count == 0 ? "" : $"[TOOL_CALLS] [{string.Join(", ", list.Select(c => $"{{\"name\": \"{c.name}\", \"arguments\": {c.arguments}}}"))}]";
            var named = string.Concat(list.Select(c => $"[TOOL_CALLS]{c.name}[ARGS]{c.arguments}"));
            foreach (var (format, text) in (IEnumerable<(AnswerFormat, string)>)[(Hermes, hermes), (Llama, llama), (Mistral, mistral), (Mistral, named)])
            {
                var read = Transcript.Read(format, text.Select(c => c.ToString()));
                read.Calls.Should().Equal(list.Select(c => (c.name, c.arguments)));
                read.Content.Should().BeEmpty();
                read.Finish.Should().Be(list.Count > 0 ? "tool_calls" : "stop");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(20251122, 11));
    }

    private static AnswerFormat Format(ToolCallFormat format) => new() { ToolCalls = format, Functions = new HashSet<string>(StringComparer.Ordinal) { "f", "g" } };

    private static Gen<string> Piece(int format)
        => Gen.OneOf(
            Gen.Elements("text", " ", "\n\n", "a < b", "</", "[x]", "{\"k\": 1}", "; "),
            from name in Gen.Elements("f", "g", "h")
            from arguments in JsonRelayTests.Object(2)
            select format switch
            {
                0 => $"<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>",
                1 => $"<|python_tag|>{{\"name\": \"{name}\", \"parameters\": {arguments}}}",
                _ => $"[TOOL_CALLS]{name}[ARGS]{arguments}",
            });

    /// <summary>Sometimes the text ends early.</summary>
    private static string Cut(string text, int cut, int seed) => cut == 0 && text.Length > 0 ? text[..(seed % text.Length)] : text;

    private static IEnumerable<string> Split(string text, int seed)
    {
        var random = new System.Random(seed);
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(text.Length - at, random.Next(1, 9));
            yield return text.Substring(at, length);
            at += length;
        }
    }

    private static void Check(AnswerFormat format, string text, string content, string calls, string finish)
    {
        foreach (var pieces in (IEnumerable<IEnumerable<string>>)[[text], text.Select(c => c.ToString())])
        {
            var read = Transcript.Read(format, pieces);
            read.Content.Should().Be(content);
            string.Join(';', read.Calls.Select(c => c.Name + c.Arguments)).Should().Be(calls);
            read.Finish.Should().Be(finish);
        }
    }
}
