using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.OpenApi;

namespace Octavo.LocalCluster.Tests.ApiServer.OpenApi;

public sealed class OpenApiDocumentsTests
{
    [Fact]
    public void LoadEmbedded_AppsDocument_HoldsTheDeploymentSchema()
    {
        var document = OpenApiDocuments.LoadEmbedded().Find("apps", "v1");

        document.Should().NotBeNull();
        document!.Group.Should().Be("apps");
        document.Schemas.Should().ContainKey("io.k8s.api.apps.v1.Deployment");
        document.Hash.Should().HaveLength(128);
    }

    [Fact]
    public void LoadEmbedded_CoreDocument_IsFoundByEmptyGroup() =>
        OpenApiDocuments.LoadEmbedded().Find("", "v1")!.Path.Should().Be("api/v1");

    [Fact]
    public void Publish_ThenWithdraw_AddsAndRemovesTheDocument()
    {
        var documents = OpenApiDocuments.LoadEmbedded();
        documents.Publish("example.dev", "v1", new JsonObject { ["openapi"] = "3.0.0" });

        documents.Find("example.dev", "v1")!.Root["openapi"]!.GetValue<string>().Should().Be("3.0.0");
        documents.All.Should().Contain(d => d.Path == "apis/example.dev/v1");

        documents.Withdraw("example.dev", "v1");
        documents.Find("example.dev", "v1").Should().BeNull();
    }
}
