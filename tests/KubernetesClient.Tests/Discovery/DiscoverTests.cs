using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.Discovery;

public sealed class DiscoverTests
{
    private const string Aggregated =
        """
        {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[
          {"metadata":{"name":"example.dev","creationTimestamp":null},"versions":[
            {"version":"v1","freshness":"Current","resources":[
              {"resource":"widgets","responseKind":{"group":"example.dev","version":"v1","kind":"Widget"},"scope":"Namespaced","singularResource":"widget","verbs":["get"],
               "subresources":[{"subresource":"status","responseKind":{"group":"example.dev","version":"v1","kind":"Widget"},"verbs":["get"]}]},
              {"resource":"planets","responseKind":{"group":"example.dev","version":"v1","kind":"Planet"},"scope":"Cluster","singularResource":"planet","verbs":["get"]}]},
            {"version":"v1beta1","freshness":"Stale"}]}]}
        """;

    [Fact]
    public async Task DiscoverAsync_AggregatedServer_IsAskedOnce()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Aggregated));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var found = await client.DiscoverAsync(default);

        server.Requests.Should().ContainSingle();
        server.Requests[0].PathAndQuery.Should().Be("/apis");
        server.Requests[0].Header("Accept").Should().StartWith("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,").And.EndWith(",application/json");
        found.Should().BeEquivalentTo(
            [
                new ServedVersion("example.dev/v1", [new ServedKind("Widget", "widgets", true), new ServedKind("Planet", "planets", false)]),
                new ServedVersion("example.dev/v1beta1", []) { IsStale = true },
            ]);
    }

    [Fact]
    public async Task DiscoverAsync_OlderServer_IsAskedForEachVersion()
    {
        await using var server = await TestApiServer.StartAsync(context => context.Request.Path.Value switch
        {
            "/apis" => Answers.Json(
                """
                {"kind":"APIGroupList","apiVersion":"v1","groups":[
                  {"name":"example.dev","versions":[{"groupVersion":"example.dev/v1","version":"v1"}],"preferredVersion":{"groupVersion":"example.dev/v1","version":"v1"}},
                  {"name":"gone.dev","versions":[{"groupVersion":"gone.dev/v1","version":"v1"}]},
                  {"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}]}]}
                """)(context),
            "/apis/example.dev/v1" => Answers.Json(
                """
                {"kind":"APIResourceList","groupVersion":"example.dev/v1","resources":[
                  {"name":"widgets/status","kind":"Widget","namespaced":true},{"name":"widgets","kind":"Widget","namespaced":true}]}
                """)(context),
            "/apis/gone.dev/v1" => Answers.Text("404 page not found\n", 404)(context),
            _ => Answers.Text("service unavailable", 503)(context),
        });
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var found = await client.DiscoverAsync(default);

        found.Should().BeEquivalentTo(
            [
                new ServedVersion("example.dev/v1", [new ServedKind("Widget", "widgets", true)]),
                new ServedVersion("gone.dev/v1", []),
                new ServedVersion("metrics.k8s.io/v1beta1", []) { IsStale = true },
            ]);
    }
}
