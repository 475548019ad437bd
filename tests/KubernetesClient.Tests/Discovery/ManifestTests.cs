using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.Discovery;

/// <summary>Objects of kinds that have no type here.</summary>
public sealed class ManifestTests
{
    private const string Resources = """{"kind":"APIResourceList","resources":[{"name":"widgets","kind":"Widget","namespaced":true},{"name":"planets","kind":"Planet","namespaced":false}]}""";

    [Fact]
    public async Task FindManifestAsync_Present_IsReadAtItsPath()
    {
        await using var server = await TestApiServer.StartAsync(context =>
            Answers.Json(context.Request.Path.Value!.EndsWith("/v1", StringComparison.Ordinal) ? Resources : """{"kind":"Widget","metadata":{"name":"x"}}""")(context));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var found = await client.FindManifestAsync("example.dev/v1", "Widget", "x", "n", default);
        await client.FindManifestAsync("example.dev/v1", "Planet", "x", null, default);

        ((string?)found!["kind"]).Should().Be("Widget");
        server.Requests.Select(r => r.PathAndQuery).Should().Equal("/apis/example.dev/v1", "/apis/example.dev/v1/namespaces/n/widgets/x", "/apis/example.dev/v1/planets/x");
    }

    [Fact]
    public async Task FindManifestAsync_ObjectOrKindIsAbsent_IsNull()
    {
        await using var server = await TestApiServer.StartAsync(context =>
            context.Request.Path.Value == "/apis/example.dev/v1" ? Answers.Json(Resources)(context) : Answers.Status(404, "NotFound", "not found")(context));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        (await client.FindManifestAsync("example.dev/v1", "Widget", "x", "n", default)).Should().BeNull();
        (await client.FindManifestAsync("example.dev/v1", "Gadget", "x", "n", default)).Should().BeNull();
        (await client.FindManifestAsync("gone.dev/v1", "Gadget", "x", "n", default)).Should().BeNull();
    }

    [Fact]
    public async Task DeleteManifestAsync_PresentAndThenGone_TellsWhichItWas()
    {
        var isGone = false;
        await using var server = await TestApiServer.StartAsync(context =>
        {
            if (context.Request.Method == "GET")
            {
                return Answers.Json(Resources)(context);
            }

            var answer = isGone ? Answers.Status(404, "NotFound", "not found") : Answers.Json("""{"kind":"Status","status":"Success"}""");
            isGone = true;
            return answer(context);
        });
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        (await client.DeleteManifestAsync("example.dev/v1", "Widget", "x", "n", default)).Should().BeTrue();
        (await client.DeleteManifestAsync("example.dev/v1", "Widget", "x", "n", default)).Should().BeFalse();
        JsonNode.Parse(server.Requests[1].Body)!["propagationPolicy"]!.GetValue<string>().Should().Be("Background");
    }
}
