using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.CustomResources;

public sealed class CustomResourceOpenApiTests
{
    private readonly JsonObject document = CustomResourceOpenApi.Build(
        "example.dev", "v1", [Schemas.WidgetDefinition()], OpenApiDocuments.LoadEmbedded().Find("api/v1")!.Schemas);

    [Fact]
    public void Build_Document_HasWhatKubectlReads()
    {
        var patch = document.At("paths", "/apis/example.dev/v1/namespaces/{namespace}/widgets/{name}", "patch")!;
        patch["x-kubernetes-group-version-kind"].Print().Should().Be("""{"group":"example.dev","kind":"Widget","version":"v1"}""");
        patch["parameters"]!.AsArray().Select(p => p!["name"].AsText()).Should().Contain("fieldValidation");
        patch.At("requestBody", "content").Should().BeOfType<JsonObject>().Which.Should().NotContainKey("application/strategic-merge-patch+json");
    }

    [Fact]
    public void Build_Kind_HasTheSchemaWithMetadata()
    {
        var widget = document.At("components", "schemas", "dev.example.v1.Widget")!;

        widget.At("properties", "metadata", "allOf").Print().Should().Contain("meta.v1.ObjectMeta");
        widget.At("properties", "spec", "properties", "port").Print().Should().Be("""{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true}""");
        widget["x-kubernetes-selectable-fields"].Print().Should().Be("""[{"fieldPath":"spec.color"}]""");
        document.At("components", "schemas").Should().BeOfType<JsonObject>().Which.Should().ContainKey("dev.example.v1.WidgetList");
    }

    [Fact]
    public void Build_References_AllResolve()
    {
        var schemas = document.At("components", "schemas") as JsonObject;
        References(document).Select(r => r["#/components/schemas/".Length..]).Should().OnlyContain(name => schemas!.ContainsKey(name));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject obj => obj.SelectMany(p => p.Key == "$ref" && p.Value.AsText() is { } target ? [target] : References(p.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
