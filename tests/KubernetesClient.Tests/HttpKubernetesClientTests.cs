using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests;

public sealed class HttpKubernetesClientTests
{
    private static readonly V1Pod Pod = new() { Metadata = new V1ObjectMeta { Name = "p", NamespaceProperty = "n" } };

    [Fact]
    public async Task GetAsync_NamespacedKind_AsksItsPathAndReadsTheObject()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server);

        var pod = await client.GetAsync<V1Pod>("p", "n", default);

        pod.Metadata.ResourceVersion.Should().Be("7");
        server.Requests.Single().PathAndQuery.Should().Be("/api/v1/namespaces/n/pods/p");
    }

    [Fact]
    public async Task GetAsync_HostWithAPath_KeepsIt()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = new HttpKubernetesClient(server.Configuration with { Host = new Uri(server.Uri, "/k8s/clusters/c-1/") }, TimeProvider.System);

        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Single().PathAndQuery.Should().Be("/k8s/clusters/c-1/api/v1/namespaces/n/pods/p");
    }

    [Fact]
    public async Task FindAsync_Missing_IsNull()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(404, "NotFound", "pods not found"));
        using var client = Client(server);

        (await client.FindAsync<V1Pod>("p", "n", default)).Should().BeNull();
    }

    [Fact]
    public async Task FindAsync_Forbidden_Throws()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(403, "Forbidden", "no"));
        using var client = Client(server);

        await client.Invoking(c => c.FindAsync<V1Pod>("p", "n", default)).Should().ThrowAsync<KubernetesException>();
    }

    [Fact]
    public async Task ListAsync_AllNamespacesWithOptions_EscapesTheQuery()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json("""{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"t"},"items":[{"metadata":{"name":"p"}}]}"""));
        using var client = Client(server);

        var list = await client.ListAsync<V1Pod>(null, new ListOptions { LabelSelector = "a in (b,c)", FieldSelector = "spec.nodeName=x", Limit = 5, Continue = "k&v" }, default);

        list.Metadata.Continue.Should().Be("t");
        list.Items.Single().Kind.Should().Be("Pod", "items of lists come without kind");
        server.Requests.Single().PathAndQuery.Should().Be("/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&fieldSelector=spec.nodeName%3Dx&limit=5&continue=k%26v");
    }

    [Fact]
    public async Task ListAsync_ClusterScopedKind_IgnoresTheNamespace()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json("""{"items":[]}"""));
        using var client = Client(server);

        await client.ListAsync<V1Node>("n", null, default);

        server.Requests.Single().PathAndQuery.Should().Be("/api/v1/nodes");
    }

    [Fact]
    public async Task CreateAsync_ObjectOfAList_SendsKindAndVersion()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod, 201));
        using var client = Client(server);

        await client.CreateAsync(Pod with { Kind = null, ApiVersion = null }, new WriteOptions { FieldManager = "m", FieldValidation = "Strict", DryRun = true }, default);

        var request = server.Requests.Single();
        request.Method.Should().Be("POST");
        request.PathAndQuery.Should().Be("/api/v1/namespaces/n/pods?fieldManager=m&fieldValidation=Strict&dryRun=All");
        JsonNode.DeepEquals(JsonNode.Parse(request.Body), JsonNode.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"}}""")).Should().BeTrue();
        request.Header("Content-Type").Should().Be("application/json");
    }

    [Fact]
    public async Task CreateAsync_NamespacedKindWithoutNamespace_IsRefusedBeforeSending()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server);

        await client.Invoking(c => c.CreateAsync(new V1Pod { Metadata = new V1ObjectMeta { Name = "p" } }, null, default)).Should().ThrowAsync<ArgumentException>();

        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task UpdateStatusAsync_Always_PutsTheSubresource()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server);

        await client.UpdateStatusAsync(Pod, null, default);

        server.Requests.Single().Should().Match<RecordedRequest>(r => r.Method == "PUT" && r.PathAndQuery == "/api/v1/namespaces/n/pods/p/status");
    }

    [Theory]
    [InlineData(V1PatchType.JsonPatch, "application/json-patch+json")]
    [InlineData(V1PatchType.MergePatch, "application/merge-patch+json")]
    [InlineData(V1PatchType.StrategicMergePatch, "application/strategic-merge-patch+json")]
    public async Task PatchAsync_EveryType_HasItsMediaType(V1PatchType type, string mediaType)
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server);

        await client.PatchAsync<V1Pod>("p", "n", new V1Patch(new JsonObject { ["x"] = null }, type), "scale", null, default);

        var request = server.Requests.Single();
        request.Should().Match<RecordedRequest>(r => r.Method == "PATCH" && r.PathAndQuery == "/api/v1/namespaces/n/pods/p/scale" && r.Body == "{\"x\":null}");
        request.Header("Content-Type").Should().Be(mediaType);
    }

    [Fact]
    public async Task ApplyAsync_WithForce_SendsAnApplyPatch()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server);

        await client.ApplyAsync(Pod, new ApplyOptions { FieldManager = "octavo", Force = true, Subresource = "status" }, default);

        var request = server.Requests.Single();
        request.Should().Match<RecordedRequest>(r => r.Method == "PATCH" && r.PathAndQuery == "/api/v1/namespaces/n/pods/p/status?fieldManager=octavo&force=true");
        request.Header("Content-Type").Should().Be("application/apply-patch+yaml");
    }

    [Fact]
    public async Task DeleteAsync_WithOptions_SendsThemAsBody()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json("""{"kind":"Status","status":"Success"}"""));
        using var client = Client(server);

        await client.DeleteAsync<V1Pod>("p", "n", new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = new V1Preconditions { Uid = "u" } }, default);

        var request = server.Requests.Single();
        request.Method.Should().Be("DELETE");
        JsonNode.DeepEquals(
            JsonNode.Parse(request.Body),
            JsonNode.Parse("""{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","preconditions":{"uid":"u"}}""")).Should().BeTrue();
    }

    [Fact]
    public async Task DeleteAsync_EmptyName_IsRefused()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json("{}"));
        using var client = Client(server);

        await client.Invoking(c => c.DeleteAsync<V1Pod>("", "n", null, default)).Should().ThrowAsync<ArgumentException>("it would delete the collection");

        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task SendAsync_TextOrNothing_IsAStringOrNull()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Answers.Text("line\n", 200), Answers.Text("", 204)));
        using var client = Client(server);

        ((string?)await client.SendAsync(HttpMethod.Get, "/log", null, null, default)).Should().Be("line\n");
        (await client.SendAsync(HttpMethod.Get, "/log", null, null, default)).Should().BeNull();
    }

    private static HttpKubernetesClient Client(TestApiServer server) => new(server.Configuration, TimeProvider.System);
}
