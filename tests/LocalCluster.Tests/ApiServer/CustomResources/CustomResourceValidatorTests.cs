using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.CustomResources;

public sealed class CustomResourceValidatorTests
{
    public static TheoryData<int> Recorded() => [.. Enumerable.Range(0, Schemas.Fixture("widget-validation.json").AsArray().Count)];

    private static string[] Validate(JsonObject obj, JsonObject? old = null)
    {
        Pruner.Prune(Schemas.Widget, obj);
        Defaulter.Apply(Schemas.Widget, obj);
        return CustomResourceValidator.Validate(Schemas.Widget, obj, old).Select(e => $"{e.Reason}|{e.Field}|{e.Message}").ToArray();
    }

    private static JsonObject Widget(string spec)
    {
        var widget = Schemas.Parse($$$"""{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{{{spec}}}}""");
        Defaulter.Apply(Schemas.Widget, widget);
        return widget;
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Validate_RecordedObject_GivesTheRecordedCauses(int index)
    {
        var recorded = Schemas.Fixture("widget-validation.json").AsArray()[index]!;

        Validate((JsonObject)recorded["object"]!).Should().BeEquivalentTo(recorded["causes"]!.AsArray().Select(c => $"{c!["reason"]}|{c["field"]}|{c["message"]}"));
    }

    [Fact]
    public void Validate_SeveralRulesBroken_GivesAllOfThem() => Validate(Widget("""{"owner":"ada","color":"blue","size":1,"minReplicas":5,"maxReplicas":2}""")).Should().BeEquivalentTo(
        "FieldValueInvalid|spec|Invalid value: minReplicas must not exceed maxReplicas",
        "FieldValueForbidden|spec.size|Forbidden: ada wants blue, which needs size >= 2");

    [Fact]
    public void Validate_ImmutableField_MayBeSetAndRemovedButNotChanged()
    {
        Validate(Widget("""{"owner":"ada","immutableId":"two"}"""), Widget("""{"owner":"ada","immutableId":"one"}""")).Should().Equal("FieldValueInvalid|spec.immutableId|Invalid value: \"two\": immutableId is immutable");
        Validate(Widget("""{"owner":"ada"}"""), Widget("""{"owner":"ada","immutableId":"one"}""")).Should().BeEmpty();
        Validate(Widget("""{"owner":"ada","immutableId":"one"}"""), Widget("""{"owner":"ada"}""")).Should().BeEmpty();
    }

    [Fact]
    public void Validate_OtherKind_IsNamedAndOnlyRulesStillRun() => Validate(Schemas.Parse("""{"apiVersion":"example.dev/v1","kind":"Gizmo","metadata":{"name":"v"},"spec":{"owner":"ada"}}""")).Should().BeEquivalentTo(
        "FieldValueInvalid|kind|Invalid value: \"Gizmo\": must be Widget",
        "FieldValueInvalid|spec|Invalid value: \"object\": no such key: color evaluating rule: self.color != 'blue' || self.size >= 2");

    [Fact]
    public void Validate_UnchangedInvalidField_PassesOnUpdate()
    {
        var old = Widget("""{"owner":"ADA","step":5}""");

        Validate(Widget("""{"owner":"ADA","step":10}"""), old).Should().BeEmpty();
        Validate(Widget("""{"owner":"BOB","step":10}"""), old).Should().Equal("FieldValueInvalid|spec.owner|Invalid value: \"BOB\": spec.owner in body should match '^[a-z]+$'");
    }

    [Theory]
    [InlineData("""{"type":"array","minItems":2,"items":{"type":"integer"}}""", "[1]", "Invalid value: 1: spec in body should have at least 2 items")]
    [InlineData("""{"type":"object","minProperties":1,"additionalProperties":{"type":"string"}}""", "{}", "Invalid value: 0: spec in body should have at least 1 properties")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":true}""", "1", "Invalid value: 1: spec in body should be greater than 1")]
    [InlineData("""{"type":"integer","oneOf":[{"minimum":5},{"maximum":7}]}""", "6", "Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    [InlineData("""{"type":"integer","not":{"enum":[3]}}""", "3", "Invalid value: \"\": \"spec\" must not validate the schema (not)")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"1.2.3\"", "Invalid value: \"1.2.3\": spec in body must be of type ipv4: \"1.2.3\"")]
    [InlineData("""{"type":"string","format":"unheard-of"}""", "\"x\"", null)]
    [InlineData("""{"type":"string","nullable":true}""", "null", null)]
    [InlineData("""{"type":"number"}""", "3", null)]
    [InlineData("""{"type":"integer"}""", "3.0", null)]
    [InlineData("""{"type":"integer","format":"int32"}""", "3000000000", "Invalid value: \"\": Checked value must be of type integer with format int32 in spec")]
    public void Validate_ValueRule_SaysWhatTheServerSays(string schema, string value, string? expected)
    {
        var obj = Schemas.Parse($$$"""{"apiVersion":"example.dev/v1","kind":"Thing","metadata":{"name":"t"},"spec":{{{value}}}}""");

        var errors = CustomResourceValidator.Validate(Schemas.Custom(schema), obj, null).Select(e => e.Message);

        errors.Should().Equal(expected is null ? [] : [expected]);
    }
}
