using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.Tests.OpenAI.ToolCalls;

public sealed class JsonRelayTests
{
    /// <summary>JSON values of every kind, with escapes, white space and nesting.</summary>
    internal static Gen<string> Json(int depth = 3)
    {
        var text = Gen.Elements("\"\"", "\"a b\"", "\"\\\"q\\\"\"", "\"\\u00e9\\ud83d\\ude00\"", "\"☃😀\"", "\"</tool_call>\"", "\"[TOOL_CALLS]\"", "\"{\\\\\"", "\"\\n\\t/\\/\"", "\"}],;\"");
        var atom = Gen.Elements("0", "-1.5e+10", "12", "1E3", "true", "false", "null", "-0.25");
        var leaf = Gen.OneOf(text, atom);
        if (depth == 0)
        {
            return leaf;
        }

        var space = Gen.Elements("", "", " ", "\n ", "\t");
        var list = from items in Gen.ListOf(Json(depth - 1)) from s in space select $"[{s}{string.Join("," + s, items.Take(4))}{s}]";
        return Gen.OneOf(leaf, list, Object(depth));
    }

    internal static Gen<string> Object(int depth = 3)
        => from values in Gen.ListOf(Json(depth - 1))
           from space in Gen.Elements("", "", " ", "\n")
           select "{" + space + string.Join("," + space, values.Take(4).Select((v, i) => $"\"k{i}\\n\"{space}:{space}{v}")) + space + "}";

    [Fact]
    public void Feed_AnyValue_PassesItOnUnchangedAndIsAlwaysClosable()
        => Prop.ForAll(Arb.From(Gen.OneOf(Object(), Json())), json =>
        {
            for (var cut = 0; cut <= json.Length; cut += cut < 40 ? 1 : 7)
            {
                var relay = new JsonRelay();
                var passed = new StringBuilder();
                var faults = json.Take(cut).Count(c =>
                {
                    var wrong = relay.Feed(c) == JsonProgress.Invalid;
                    passed.Append(relay.Take());
                    return wrong;
                });

                faults.Should().Be(0);
                json.Should().StartWith(passed.ToString());
                var closed = passed + relay.Close();
                if (closed.Length > 0)
                {
                    JsonDocument.Parse(closed).Dispose();
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20251122, 5));

    [Theory]
    [InlineData("{\"a\": 1, \"b", "{\"a\": 1}")]
    [InlineData("{\"a\": 1", "{}")]
    [InlineData("{\"a\": \"x\\", "{\"a\": \"x\"}")]
    [InlineData("{\"a\": \"x\\u00", "{\"a\": \"x\"}")]
    [InlineData("{\"a\": \"\\ud83d", "{\"a\": \"\"}")]
    [InlineData("{\"a\": [1, tru", "{\"a\": [1]}")]
    [InlineData("{\"a\": {\"b\": [\"c", "{\"a\": {\"b\": [\"c\"]}}")]
    [InlineData("{\"a\": \"line\nbreak\"}", "{\"a\": \"line\\nbreak\"}")]
    public void Close_CutText_DropsWhatIsIncompleteAndClosesTheRest(string written, string expected)
    {
        var relay = new JsonRelay();
        foreach (var c in written)
        {
            relay.Feed(c).Should().NotBe(JsonProgress.Invalid);
        }

        relay.Close().Should().Be(expected);
    }

    [Theory]
    [InlineData("{'a'")]
    [InlineData("{\"a\" 1")]
    [InlineData("{\"a\": True")]
    [InlineData("{\"a\": 01")]
    [InlineData("{\"a\": 1,}")]
    [InlineData("[1]]")]
    [InlineData("[1}")]
    [InlineData("\"\\x")]
    public void Feed_NoJson_IsInvalidAtTheFirstWrongCharacter(string written)
    {
        var relay = new JsonRelay();

        written.Select(relay.Feed).ToList()[^1].Should().Be(JsonProgress.Invalid);
    }

    [Fact]
    public void Feed_TooDeep_IsInvalid()
    {
        var relay = new JsonRelay();

        new string('[', 129).Select(relay.Feed).ToList()[^1].Should().Be(JsonProgress.Invalid);
    }
}
