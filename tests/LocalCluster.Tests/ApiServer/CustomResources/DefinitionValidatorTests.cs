using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.CustomResources;

public sealed class DefinitionValidatorTests
{
    private static readonly ResourceSchema Definition = Schemas.BuiltIn.Find("apiextensions.k8s.io", "v1", "CustomResourceDefinition")!;

    private static string[] Validate(Action<JsonObject>? change = null, JsonObject? old = null)
    {
        var definition = Schemas.Parse("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.e.dev"},"spec":{"group":"e.dev","scope":"Namespaced",
            "names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{}}}}}}]}}
            """);
        change?.Invoke(definition);
        Defaulter.Apply(Definition, definition);
        return ObjectValidator.Validate("CustomResourceDefinition", Definition, definition, old).Select(e => e.ToString()).ToArray();
    }

    private static string[] ValidateSpecSchema(string schema) =>
        Validate(d => d["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"] = Schemas.Parse(schema));

    [Fact]
    public void Validate_SampleDefinition_IsValid()
    {
        var definition = Schemas.WidgetDefinition();
        Defaulter.Apply(Definition, definition);

        CustomResourceValidator.ValidateDefinition(definition, null).Should().BeEmpty();
        definition.At("spec", "conversion", "strategy").AsText().Should().Be("None");
    }

    [Fact]
    public void Validate_NameNotOfPluralAndGroup_IsRefused() => Validate(d => d["metadata"]!["name"] = "other.e.dev")
        .Should().Equal("metadata.name: Invalid value: \"other.e.dev\": must be spec.names.plural+\".\"+spec.group");

    [Fact]
    public void Validate_NoStorageVersion_IsRefused() => Validate(d => d["spec"]!["versions"]![0]!["storage"] = false)
        .Should().ContainSingle().Which.Should().EndWith("must have exactly one version marked as storage version");

    [Fact]
    public void Validate_NoSchema_IsRefused() => Validate(d => d["spec"]!["versions"]![0]!.AsObject().Remove("schema"))
        .Should().Equal("spec.validation.openAPIV3Schema: Required value: schemas are required");

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "spec.validation.openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields")]
    [InlineData("""{"type":"array"}""", "spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}}""", "spec.validation.openAPIV3Schema.properties[spec].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [InlineData("""{"type":"array","uniqueItems":true,"items":{"type":"string"}}""", "spec.validation.openAPIV3Schema.properties[spec].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
    [InlineData("""{"type":"integer","default":"x"}""", "spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: \"string\": spec.validation.openAPIV3Schema.properties[spec].default in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}""", "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [InlineData("""{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}""", null)]
    [InlineData("""{"type":"object","anyOf":[{"type":"object"}]}""", "spec.validation.openAPIV3Schema.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"string","pattern":"("}""", "spec.validation.openAPIV3Schema.properties[spec].pattern: Invalid value: \"(\": must be a valid regular expression*")]
    public void Validate_NotStructural_NamesThePlace(string schema, string? expected)
    {
        var errors = ValidateSpecSchema(schema);

        errors.Should().HaveCount(expected is null ? 0 : 1);
        errors.Where(e => !(e == expected || (expected!.EndsWith('*') && e.StartsWith(expected.TrimEnd('*'), StringComparison.Ordinal)))).Should().BeEmpty();
    }

    [Fact]
    public void Validate_RuleThatDoesNotCompile_IsRefused() => ValidateSpecSchema("""{"type":"object","x-kubernetes-validations":[{"rule":"self.zz > 1"}]}""")
        .Should().ContainSingle().Which.Should().StartWith("spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: ").And.Contain("undefined field 'zz'");

    [Fact]
    public void Validate_EstablishedDefinition_KeepsScopeAndKind()
    {
        var old = Schemas.Parse("""{"metadata":{"name":"things.e.dev"},"spec":{"group":"e.dev","scope":"Cluster","names":{"plural":"things","kind":"Thing"}},"status":{"conditions":[{"type":"Established","status":"True"}]}}""");

        Validate(null, old).Should().Equal("spec.scope: Invalid value: \"Namespaced\": field is immutable");
    }
}
