using System.Text;
using System.Text.Json.Nodes;
using Octavo.Operator.CustomResources;
using Octavo.Operator.Entities;
using Octavo.TestSupport;

namespace Octavo.Operator.Tests.CustomResources;

public sealed class ManifestWriterTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "config");

    [Fact]
    public void Render_CheckedInFiles_AreNotStale()
    {
        foreach (var (name, content) in ManifestWriter.Render())
        {
            File.ReadAllText(Path.Combine(Folder, name)).Should().Be(content, "`make manifests` must be run after a change of the types");
        }
    }

    [Fact]
    public void Render_CheckedInFolder_HoldsNothingElse()
    {
        Directory.GetFiles(Path.Combine(Folder, "crds"), "*.yaml").Select(path => $"crds/{Path.GetFileName(path)}")
            .Should().BeSubsetOf(ManifestWriter.Render().Keys);
    }

    [Fact]
    public void Render_Size_StaysBelowWhatClientSideApplyCanStore()
    {
        ManifestWriter.Render().Values.Should().OnlyContain(content => Encoding.UTF8.GetByteCount(content) < 100_000);
    }

    [Fact]
    public void Render_Fields_AllHaveDescriptions()
    {
        Undescribed(Generate()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject(), "object").Should().BeEmpty();
    }

    [Fact]
    public void Render_ListsAndStrings_OfTheSpecAreBounded()
    {
        // CEL cost is estimated from bounds; an unbounded list below a rule makes the API server refuse the definition.
        var spec = Generate()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject();

        Unbounded(spec, "spec").Should().BeEmpty();
    }

    [Theory]
    [InlineData("spec.runtime.engine.kvSparsity")]
    [InlineData("spec.autoscaling.cacheAware")]
    [InlineData("spec.autoscaling.scaleToZeroAfterSeconds")]
    public void Render_FieldThatIsNotBuilt_IsUnknownToTheServer(string path)
    {
        JsonNode? schema = Generate()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;
        foreach (var name in path.Split('.'))
        {
            schema = schema?["properties"]?[name];
        }

        schema.Should().BeNull();
    }

    private static JsonObject Generate() => CustomResourceDefinitionGenerator.Generate(typeof(V1Alpha1InferenceService));

    private static IEnumerable<string> Undescribed(JsonObject schema, string path)
    {
        if (schema["description"] is null)
        {
            yield return path;
        }

        foreach (var (name, child) in (schema["properties"] ?? schema["items"]?["properties"])?.AsObject() ?? [])
        {
            foreach (var found in Undescribed(child!.AsObject(), $"{path}.{name}"))
            {
                yield return found;
            }
        }
    }

    private static IEnumerable<string> Unbounded(JsonObject schema, string path)
    {
        var type = (string?)schema["type"];
        var bounded = type switch
        {
            "array" => schema["maxItems"] is not null,
            "string" => schema["maxLength"] is not null || schema["enum"] is not null,
            "object" => schema["additionalProperties"] is null || schema["maxProperties"] is not null,
            _ => true,
        };
        if (!bounded)
        {
            yield return path;
        }

        var children = (schema["properties"]?.AsObject() ?? []).ToList();
        if (schema["items"] is { } items)
        {
            children.Add(new("[]", items));
        }

        foreach (var (name, child) in children)
        {
            foreach (var found in Unbounded(child!.AsObject(), $"{path}.{name}"))
            {
                yield return found;
            }
        }
    }
}
