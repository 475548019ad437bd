using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Cel;

public sealed class CelRulesTests
{
    private static ResourceSchema WithRule(string rule, string properties = """{"a":{"type":"integer"},"s":{"type":"string"},"my-key":{"type":"string"},"if":{"type":"integer"},"when":{"type":"string","format":"date-time"},"items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"v":{"type":"integer","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}}}}""") =>
        Schemas.Custom($$$"""{"type":"object","properties":{{{properties}}},"x-kubernetes-validations":[{{{rule}}}]}""");

    private static string[] Validate(ResourceSchema schema, string spec, string? old = null) => CelRules.For(schema).Validate(
        Schemas.Parse($$$"""{"metadata":{"name":"n"},"spec":{{{spec}}}}"""), old is null ? null : Schemas.Parse($$$"""{"metadata":{"name":"n"},"spec":{{{old}}}}""")).Select(e => e.ToString()).ToArray();

    [Theory]
    [InlineData("""{"rule":"self.a > 1","message":"too small"}""", "spec: Invalid value: too small")]
    [InlineData("""{"rule":"self.a > 1"}""", "spec: Invalid value: failed rule: self.a > 1")]
    [InlineData("""{"rule":"self.a > 1","messageExpression":"'is ' + string(self.a)","message":"m"}""", "spec: Invalid value: is 1")]
    [InlineData("""{"rule":"self.a > 1","messageExpression":"self.zz","message":"m"}""", "spec: Invalid value: m")]
    [InlineData("""{"rule":"self.a > 1","message":"no","reason":"FieldValueForbidden","fieldPath":".a"}""", "spec.a: Forbidden: no")]
    [InlineData("""{"rule":"self.a > 1","message":"need","reason":"FieldValueRequired"}""", "spec: Required value: need")]
    [InlineData("""{"rule":"self.s == 'x'"}""", "spec: Invalid value: \"object\": no such key: s evaluating rule: self.s == 'x'")]
    [InlineData("""{"rule":"has(self.a)"}""", null)]
    [InlineData("""{"rule":"self != oldSelf","message":"transition"}""", null)]
    public void Validate_Rule_AnswersAsTheServerDoes(string rule, string? expected) =>
        Validate(WithRule(rule), """{"a":1}""").Should().Equal(expected is null ? [] : [expected]);

    [Fact]
    public void Validate_EscapedNamesAndFormats_AreTyped() => Validate(
        WithRule("""{"rule":"self.my__dash__key == 'v' && self.__if__ == 1 && self.when > timestamp('2020-01-01T00:00:00Z')"}"""),
        """{"my-key":"v","if":1,"when":"2026-01-01T00:00:00Z"}""").Should().BeEmpty();

    [Fact]
    public void Validate_TransitionRule_ComparesWithTheOldValue()
    {
        var schema = WithRule("""{"rule":"self.a >= oldSelf.a","message":"may only grow"}""");

        Validate(schema, """{"a":2}""", """{"a":1}""").Should().BeEmpty();
        Validate(schema, """{"a":1}""", """{"a":2}""").Should().Equal("spec: Invalid value: may only grow");
    }

    [Fact]
    public void Validate_OptionalOldSelf_RunsOnCreateToo()
    {
        var schema = WithRule("""{"rule":"oldSelf.hasValue() || self.a == 0","optionalOldSelf":true,"message":"starts at zero"}""");

        Validate(schema, """{"a":1}""").Should().Equal("spec: Invalid value: starts at zero");
        Validate(schema, """{"a":1}""", """{"a":0}""").Should().BeEmpty();
    }

    [Fact]
    public void Validate_MapListItem_IsComparedByItsKey() => Validate(
        WithRule("""{"rule":"true"}"""), """{"items":[{"name":"new","v":9},{"name":"x","v":2}]}""", """{"items":[{"name":"x","v":1}]}""")
        .Should().Equal("spec.items[1].v: Invalid value: 2: failed rule: self == oldSelf");

    [Fact]
    public void Validate_UnchangedValue_IsNotHeldAgainstIt()
    {
        var schema = WithRule("""{"rule":"self.a > 1","message":"too small"}""");

        Validate(schema, """{"a":1}""", """{"a":1}""").Should().BeEmpty();
        Validate(schema, """{"a":1,"s":"x"}""", """{"a":1}""").Should().HaveCount(1);
    }

    [Fact]
    public void Validate_RootRule_SeesTheNameOnly()
    {
        var schema = ResourceSchema.FromStructural(
            Schemas.Parse("""{"type":"object","x-kubernetes-validations":[{"rule":"self.metadata.name == 'n'"}]}"""), Schemas.BuiltIn.ObjectMeta, "e.dev", "v1", "T");

        CelRules.For(schema).Validate(Schemas.Parse("""{"metadata":{"name":"n","uid":"u"}}"""), null).Should().BeEmpty();
        CelRules.For(schema).Validate(Schemas.Parse("""{"metadata":{"name":"m"}}"""), null).Should().HaveCount(1);
    }

    [Theory]
    [InlineData("self.a >", "mismatched input")]
    [InlineData("self.zz == 1", "undefined field 'zz'")]
    [InlineData("other == 1", "undeclared reference to 'other'")]
    [InlineData("self.items.all(x, x.zz == 1)", "undefined field 'zz'")]
    [InlineData("self.items.all(x, x.name != '' && self.a > 0) && size(self.s) > 0", null)]
    public void CompileErrors_BadRule_PointAtIt(string rule, string? expected)
    {
        var entry = new JsonObject { ["rule"] = rule };

        var errors = CelRules.For(WithRule(entry.ToJsonString())).CompileErrors("schema").Where(e => e.Path == "schema.properties[spec]").ToList();

        errors.Should().HaveCount(expected is null ? 0 : 1);
        errors.Where(e => !(e.Error.StartsWith("compilation failed: ERROR: <input>:1:", StringComparison.Ordinal) && e.Error.Contains(expected!, StringComparison.Ordinal))).Should().BeEmpty();
    }
}
