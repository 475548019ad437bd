using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Tests;

public sealed class KubernetesYamlTests
{
    [Theory]
    [InlineData("a: 1", """{"a":1}""")]
    [InlineData("a: -1.5e3", """{"a":-1500}""")]
    [InlineData("a: \"1\"", """{"a":"1"}""")]
    [InlineData("a: 0644", """{"a":420}""")]
    [InlineData("a: 0o644", """{"a":420}""")]
    [InlineData("a: yes", """{"a":true}""")]
    [InlineData("a: 'yes'", """{"a":"yes"}""")]
    [InlineData("a: Off", """{"a":false}""")]
    [InlineData("a: ~", """{"a":null}""")]
    [InlineData("a:", """{"a":null}""")]
    [InlineData("a: 500m", """{"a":"500m"}""")]
    [InlineData("a: 10Gi", """{"a":"10Gi"}""")]
    [InlineData("a: 1.2.3", """{"a":"1.2.3"}""")]
    [InlineData("a: 12:30", """{"a":"12:30"}""")]
    [InlineData("a: !!str 5", """{"a":"5"}""")]
    [InlineData("a: 2026-01-01", """{"a":"2026-01-01"}""")]
    [InlineData("a: |\n  x\n  y\n", """{"a":"x\ny\n"}""")]
    [InlineData("a: &x [1, 2]\nb: *x", """{"a":[1,2],"b":[1,2]}""")]
    [InlineData("base: &b {x: 1}\na:\n  <<: *b\n  z: 2", """{"base":{"x":1},"a":{"x":1,"z":2}}""")]
    [InlineData("""{"a": [true, null]}""", """{"a":[true,null]}""")]
    [InlineData("n: 1\n2: x\n~: z", """{"false":1,"2":"x","null":"z"}""")]
    public void Load_Scalars_AreTypedAsKubectlTypesThem(string yaml, string json)
    {
        var loaded = KubernetesYaml.Load(yaml);

        JsonNode.DeepEquals(loaded, JsonNode.Parse(json)).Should().BeTrue(loaded.ToJsonString());
    }

    [Fact]
    public void LoadAll_SeveralDocuments_SkipsEmptyOnes()
    {
        KubernetesYaml.LoadAll("---\na: 1\n---\n# nothing\n---\nb: 2\n").Should().HaveCount(2);
    }

    [Theory]
    [InlineData("- a")]
    [InlineData("a: [")]
    [InlineData("a: 1\na: 2")]
    [InlineData("? [x]\n: 1")]
    public void Load_NoManifest_IsAFormatException(string yaml)
    {
        FluentActions.Invoking(() => KubernetesYaml.Load(yaml)).Should().Throw<FormatException>();
    }

    [Fact]
    public void LoadFirst_KeyTwice_TakesTheLastAndSaysWhere()
    {
        var loaded = KubernetesYaml.LoadFirst("a: 1\nb: {c: 1, c: 2}\na: 3\n---\nsecond: 1", out var duplicates);

        JsonNode.DeepEquals(loaded, JsonNode.Parse("""{"a":3,"b":{"c":2}}""")).Should().BeTrue(loaded?.ToJsonString());
        duplicates.Should().Equal("line 2: key \"c\" already set in map", "line 3: key \"a\" already set in map");
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("[1]", "[1]")]
    [InlineData("x", "\"x\"")]
    public void LoadFirst_NoMapping_IsWhatItIs(string yaml, string? json)
    {
        KubernetesYaml.LoadFirst(yaml, out var duplicates)?.ToJsonString().Should().Be(json);
        duplicates.Should().BeEmpty();
    }

    [Fact]
    public void LoadFirst_NoYaml_IsAFormatExceptionWithThePlace() =>
        FluentActions.Invoking(() => KubernetesYaml.LoadFirst("a: [", out _)).Should().Throw<FormatException>().WithMessage("line ?, column *");

    [Fact]
    public void LoadAll_KeyTwice_SaysWhichAndWhere() =>
        FluentActions.Invoking(() => KubernetesYaml.LoadAll("a: 1\n---\nb: 1\nb: 2")).Should().Throw<FormatException>().WithMessage("line 4: key \"b\" *");

    [Fact]
    public void Load_AliasesOfAliases_AreBounded()
    {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        FluentActions.Invoking(() => KubernetesYaml.Load(bomb)).Should().Throw<FormatException>().WithMessage("*too large*");
    }
}
