using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Json;

public sealed class SchemaCompilerTests
{
    public static TheoryData<string, string[], string[]> Cases() => new()
    {
        { """{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"],"additionalProperties":false}""",
            ["""{"name":"x"}""", """{"name": "x", "age": 3}""", "{\n  \"name\": \"x\"\n}"],
            ["{}", """{"age":3}""", """{"age":3,"name":"x"}""", """{"name":"x","b":1}""", """{"name":"x",}""", """{"name":"x","age":3.5}"""] },
        { """{"properties":{"a":{},"b":{},"c":{}},"required":["c"]}""",
            ["""{"c":1}""", """{"a":1,"c":[]}""", """{"a":1,"b":2,"c":3,"d":4}""", """{"c":1,"aa":null}"""],
            ["""{"a":1}""", """{"c":1,"a":1}""", """{"c":1,"a":2}"""] },
        { """{"type":["string","null"],"minLength":2,"maxLength":3}""", ["null", "\"ab\"", "\"äöü\"", "\"\\u00e9\\n\""], ["\"a\"", "\"abcd\"", "1"] },
        { """{"type":"integer","minimum":-5,"maximum":120}""", ["-5", "0", "120", "99"], ["-6", "121", "-0", "01", "1.0", "1000"] },
        { """{"type":"integer","exclusiveMinimum":9.5,"multipleOf":7}""", ["14", "700", "777"], ["7", "9", "15", "701"] },
        { """{"type":"number","minimum":-0.25,"exclusiveMaximum":10.5}""", ["-0.25", "-0.1", "0", "3.75", "10.4999", "10"], ["-0.26", "10.5", "11", "-1", "1e1"] },
        { """{"type":"number","multipleOf":0.01,"minimum":0}""", ["0", "0.25", "17.1"], ["0.255", "-1"] },
        { """{"type":"number","multipleOf":0.25,"minimum":0}""", ["0.25", "1.50", "17.75"], ["0.30", "1.1"] },
        { """{"enum":["a","b\n",1,null,{"k":[1,true]}]}""", ["\"a\"", "\"b\\n\"", "1", "null", """{"k":[1,true]}"""], ["\"c\"", "2", """{"k": [1,true]}"""] },
        { """{"enum":["a",1,2.5,null],"type":["integer","string"]}""", ["\"a\"", "1"], ["2.5", "null"] },
        { """{"const":"x"}""", ["\"x\""], ["\"y\""] },
        { """{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}""", ["[true]", "[true, false,true]"], ["[]", "[1]", "[true,true,true,true]"] },
        { """{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}""", ["[]", "[1]", "[1,\"a\"]"], ["[\"a\"]", "[1,\"a\",2]"] },
        { """{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"string"},"minItems":2,"maxItems":3}""", ["[1,\"a\"]", "[1,\"a\",\"b\"]"], ["[1]", "[1,2]", "[1,\"a\",\"b\",\"c\"]"] },
        { """{"type":"array","items":{"enum":["a","b"]},"uniqueItems":true}""", ["[]", "[\"b\",\"a\"]"], ["[\"a\",\"a\"]"] },
        { """{"anyOf":[{"type":"string","maxLength":1},{"type":"integer","maximum":9,"minimum":0}]}""", ["\"\"", "\"a\"", "7"], ["10", "\"ab\"", "null"] },
        { """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"additionalProperties":false,"anyOf":[{"required":["a"]},{"required":["b"]}]}""",
            ["""{"a":1}""", """{"b":1}""", """{"a":1,"b":2}"""], ["{}"] },
        { """{"oneOf":[{"type":"object","properties":{"t":{"const":"x"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"y"},"n":{"type":"null"}},"required":["t"]}]}""",
            ["""{"t":"x","n":1}""", """{"t":"y","n":null}"""], ["""{"t":"y","n":1}""", "{}"] },
        { """{"allOf":[{"properties":{"a":{"minimum":3}},"required":["a"]},{"properties":{"a":{"maximum":5}}}],"type":"object","properties":{"a":{"type":"integer"}}}""",
            ["""{"a":3}""", """{"a":5}"""], ["""{"a":2}""", """{"a":6}""", "{}"] },
        { """{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}}}],"type":"object"}""", ["{}", """{"a":1}"""], ["""{"b":1}"""] },
        { """{"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}},"$ref":"#/$defs/node"}""",
            ["""{"v":1,"next":null}""", """{"v":1,"next":{"v":2,"next":{"v":3,"next":null}}}"""], ["""{"v":1}""", """{"v":1,"next":{}}"""] },
        { """{"type":"string","pattern":"^[a-z]\"+$"}""", ["\"a\\\"\""], ["\"a\"", "\"a\"\""] },
        { """{"type":"string","pattern":"ab","maxLength":4}""", ["\"ab\"", "\"xaby\""], ["\"xxaby\"", "\"ba\""] },
        { """{"type":"object","patternProperties":{"^n_":{"type":"number"},"_s$":{"type":["string","number"]}},"additionalProperties":false}""",
            ["{}", """{"n_a":1}""", """{"a_s":"x"}""", """{"n_s":1}"""], ["""{"a":1}""", """{"n_a":"x"}""", """{"n_s":"x"}"""] },
        { """{"type":"object","propertyNames":{"pattern":"^[a-c]+$"},"additionalProperties":{"type":"null"}}""", ["{}", """{"abc":null}"""], ["""{"abd":null}""", """{"a":1}"""] },
        { """{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"additionalProperties":false,"minProperties":1,"maxProperties":2}""",
            ["""{"a":null}""", """{"b":null,"c":null}"""], ["{}", """{"a":null,"b":null,"c":null}"""] },
        { """{"type":"object","minProperties":1,"maxProperties":2}""", ["""{"a":null}""", """{"b":1,"c":2}"""], ["{}", """{"a":1,"b":2,"c":3}"""] },
        { """{"type":"integer","nullable":true}""", ["null", "1"], ["\"a\""] },
        { "true", ["1", "{}", "[null]"], ["", "nul"] },
        { """{"type":"string","format":"date"}""", ["\"2024-02-29\"", "\"1999-12-31\""], ["\"2023-02-29\"", "\"2023-13-01\"", "\"99-1-1\""] },
        { """{"type":"string","format":"ipv6"}""", ["\"::\"", "\"::1\"", "\"fe80::1:2\"", "\"1:2:3:4:5:6:7:8\""], ["\"1:2\"", "\"1::2::3\"", "\"12345::\""] },
        { """{"type":"string","format":"uuid"}""", ["\"123e4567-e89b-12d3-a456-426614174000\""], ["\"123e4567\""] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compile_Schema_MatchesWhatValidatesInItsForm(string schema, string[] matching, string[] other)
    {
        var grammar = Schema(schema);
        using var document = JsonDocument.Parse(schema);
        foreach (var text in matching)
        {
            grammar.Matches(text).Should().BeTrue(text);
            using var value = JsonDocument.Parse(text);
            SchemaValidator.Error(document.RootElement, document.RootElement, value.RootElement).Should().BeNull();
        }

        foreach (var text in other)
        {
            grammar.Matches(text).Should().BeFalse(text);
        }
    }

    [Theory]
    [InlineData("""{"not":{"type":"string"}}""", "#/not")]
    [InlineData("""{"properties":{"a":{"if":{}}}}""", "#/properties/a/if")]
    [InlineData("""{"properties":{"a/b":{"contains":{}}}}""", "#/properties/a~1b/contains")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "#/uniqueItems")]
    [InlineData("""{"$ref":"https://example.com/s.json"}""", "#/$ref")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "does not exist")]
    [InlineData("""{"$ref":"#"}""", "refers to itself")]
    [InlineData("""{"type":"strin"}""", "#/type")]
    [InlineData("""{"type":5}""", "#/type")]
    [InlineData("""{"minLength":-1}""", "#/minLength")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "#/pattern")]
    [InlineData("""{"type":"string","format":"regex"}""", "#/format")]
    [InlineData("""{"properties":[]}""", "#/properties")]
    [InlineData("""{"anyOf":[]}""", "#/anyOf")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "#/oneOf")]
    [InlineData("""{"oneOf":[{"type":"string"},{"minLength":3}]}""", "#/oneOf")]
    [InlineData("""{"type":"object","minProperties":2}""", "minProperties")]
    [InlineData("{", "no JSON")]
    [InlineData("3", "neither an object nor a boolean")]
    [InlineData("false", "nothing can match")]
    [InlineData("""{"type":"string","enum":[1]}""", "nothing can match")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "nothing can match")]
    [InlineData("""{"enum":["\ud800"]}""", "no Unicode")]
    [InlineData("""{"type":"number","multipleOf":0}""", "#/multipleOf")]
    [InlineData("""{"type":"number","minimum":1e999999}""", "#/minimum")]
    public void Compile_CannotBeEnforced_IsRefusedWithItsPlace(string schema, string place)
        => Refusal(new GrammarSpec.JsonSchema(schema)).Message.Should().Contain(place);

    [Fact]
    public void Compile_CompactWhitespace_AllowsNone()
    {
        var grammar = Compile(new GrammarSpec.JsonSchema("""{"type":"object","properties":{"a":{}},"required":["a"]}""") { DisableAnyWhitespace = true });
        grammar.Matches("""{"a":[1,2]}""").Should().BeTrue();
        grammar.Matches("""{"a": [1,2]}""").Should().BeFalse();
    }

    public static TheoryData<string> Bombs()
    {
        var nested = """{"type":"string"}""";
        for (var i = 0; i < 60; i++)
        {
            nested = $$"""{"type":"array","items":{{nested}}}""";
        }

        var oneOf = """{"type":"integer"}""";
        for (var i = 0; i < 14; i++)
        {
            oneOf = $$"""{"anyOf":[{{oneOf}},{{oneOf}}]}""";
        }

        var groups = string.Join(',', Enumerable.Range(0, 24).Select(i => $$$"""{"anyOf":[{"minLength":{{{i}}}},{"maxLength":{{{1000 + i}}}}]}"""));
        return
        [
            nested,
            oneOf,
            $$"""{"type":"string","allOf":[{{groups}}]}""",
            """{"type":"string","pattern":"^(.{1,1000}x){1,1000}$","maxLength":999999}""",
            """{"type":"string","pattern":"(a|b)*a(a|b){18}c","minLength":1}""",
            """{"type":"object","maxProperties":900,"additionalProperties":false,"properties":{""" + string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"p{i}\":{{}}")) + "}}",
        ];
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Compile_Bomb_ExceedsABudget(string schema)
        => ((Action)(() => TightCompiler.Compile(new GrammarSpec.JsonSchema(schema), CancellationToken.None)))
            .Should().Throw<GrammarException>().Which.Fault.Should().Be(GrammarFault.TooComplex);

    [Fact]
    public void Compile_LongStringsAndArrays_AreCountedNotWrittenOut()
    {
        var grammar = Schema("""{"type":"array","maxItems":100000,"items":{"type":"string","maxLength":1000000}}""");
        grammar.Automaton.StateCount.Should().BeLessThan(200);
        grammar.Matches($"[\"{new string('x', 5000)}\"]").Should().BeTrue();
    }
}
