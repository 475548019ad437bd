using Microsoft.AspNetCore.Http;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests;

public sealed class KubernetesClientExtensionsTests
{
    [Fact]
    public async Task ListAllAsync_SeveralPages_FollowsTheToken()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Page("c2", "a", "b"), Page("c3", "c"), Page("", "d")));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var list = await client.ListAllAsync<V1Pod>("n", new ListOptions { LabelSelector = "x", ResourceVersion = "5", Limit = 2 }, default);

        list.Items.Select(p => p.Metadata.Name).Should().Equal("a", "b", "c", "d");
        list.Metadata.ResourceVersion.Should().Be("9");
        server.Requests.Select(r => r.PathAndQuery.Split('?')[1]).Should().Equal(
            "labelSelector=x&limit=2&resourceVersion=5", "labelSelector=x&limit=2&continue=c2", "labelSelector=x&limit=2&continue=c3");
    }

    [Fact]
    public async Task ListAllAsync_TokenExpires_ListsInOnePiece()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Page("c2", "a"), Answers.Status(410, "Expired", "expired"), Page("", "a", "b")));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System);

        var list = await client.ListAllAsync<V1Pod>("n", null, default);

        list.Items.Select(p => p.Metadata.Name).Should().Equal("a", "b");
        server.Requests[2].PathAndQuery.Should().Be("/api/v1/namespaces/n/pods");
    }

    private static RequestDelegate Page(string token, params string[] names)
    {
        var items = string.Join(',', names.Select(n => $$$"""{"metadata":{"name":"{{{n}}}"}}"""));
        return Answers.Json($$"""{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"{{token}}"},"items":[{{items}}]}""");
    }
}
