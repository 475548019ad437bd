using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.Discovery;

public sealed class ApplyManifestTests
{
    private const string Widgets =
        """
        {"kind":"APIResourceList","groupVersion":"example.dev/v1","resources":[
          {"name":"widgets/status","kind":"Widget","namespaced":true},
          {"name":"widgets","kind":"Widget","namespaced":true},
          {"name":"planets","kind":"Planet","namespaced":false}]}
        """;

    private static readonly ApplyOptions Options = new() { FieldManager = "m", Force = true };

    [Fact]
    public async Task ApplyManifestAsync_KnownKind_AsksDiscoveryOnce()
    {
        await using var server = await TestApiServer.StartAsync(Route);
        using var client = new HttpKubernetesClient(server.Configuration with { Namespace = "home" }, TimeProvider.System);

        await client.ApplyManifestAsync(Manifest("Widget", "away"), Options, default);
        await client.ApplyManifestAsync(Manifest("Widget", null), Options, default);
        await client.ApplyManifestAsync(Manifest("Planet", null), Options, default);

        server.Requests.Select(r => $"{r.Method} {r.PathAndQuery}").Should().Equal(
            "GET /apis/example.dev/v1",
            "PATCH /apis/example.dev/v1/namespaces/away/widgets/x?fieldManager=m&force=true",
            "PATCH /apis/example.dev/v1/namespaces/home/widgets/x?fieldManager=m&force=true",
            "PATCH /apis/example.dev/v1/planets/x?fieldManager=m&force=true");
        server.Requests[1].Header("Content-Type").Should().Be("application/apply-patch+yaml");
    }

    [Fact]
    public async Task ApplyManifestAsync_KindAppearsLater_IsFound()
    {
        var served = "{\"resources\":[]}";
        await using var server = await TestApiServer.StartAsync(context => context.Request.Method == "GET" ? Answers.Json(served)(context) : Answers.Json("{}")(context));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var failed = await client.Invoking(c => c.ApplyManifestAsync(Manifest("Widget", "n"), Options, default)).Should().ThrowAsync<KubernetesException>();
        failed.Which.IsNotFound.Should().BeTrue();
        failed.Which.Message.Should().Contain("\"Widget\"").And.Contain("example.dev/v1");
        served = Widgets;

        await client.ApplyManifestAsync(Manifest("Widget", "n"), Options, default);
    }

    [Fact]
    public async Task ApplyManifestAsync_UnknownGroupInPlainText_IsNotFoundByName()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Text("404 page not found\n", 404));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var failed = await client.Invoking(c => c.ApplyManifestAsync(Manifest("Widget", "n"), Options, default)).Should().ThrowAsync<KubernetesException>();

        failed.Which.Message.Should().Be("the server serves no kind \"Widget\" in version \"example.dev/v1\"");
    }

    [Theory]
    [InlineData("apiVersion")]
    [InlineData("kind")]
    [InlineData("metadata")]
    public async Task ApplyManifestAsync_Incomplete_IsRefused(string missing)
    {
        using var client = new HttpKubernetesClient(new KubernetesClientConfiguration { Host = new Uri("http://localhost:1") }, TimeProvider.System);
        var manifest = Manifest("Widget", null);
        manifest.Remove(missing);

        await client.Invoking(c => c.ApplyManifestAsync(manifest, Options, default)).Should().ThrowAsync<ArgumentException>();
    }

    private static Task Route(HttpContext context) => context.Request.Method == "GET" ? Answers.Json(Widgets)(context) : Answers.Json("{}")(context);

    private static JsonObject Manifest(string kind, string? namespaceName)
    {
        var metadata = new JsonObject { ["name"] = "x" };
        if (namespaceName is not null)
        {
            metadata["namespace"] = namespaceName;
        }

        return new JsonObject { ["apiVersion"] = "example.dev/v1", ["kind"] = kind, ["metadata"] = metadata };
    }
}
