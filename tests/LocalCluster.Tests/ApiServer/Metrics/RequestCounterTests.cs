using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Octavo.LocalCluster.ApiServer;

namespace Octavo.LocalCluster.Tests.ApiServer.Metrics;

public sealed class RequestCounterTests : IAsyncLifetime
{
    private ApiServerHost _host = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _host = await ApiServerHost.StartAsync(new ApiServerOptions { Port = 0 }, CancellationToken.None);
        _client = Client();
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _host.AdminToken);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_Requests_AreCountedByWhatTheyWereAndHowTheyWereAnswered()
    {
        const string Maps = "/api/v1/namespaces/default/configmaps";
        const string Body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""";
        await SendAsync(HttpMethod.Post, Maps, Body);
        await SendAsync(HttpMethod.Post, Maps, Body);
        await SendAsync(HttpMethod.Post, Maps + "?dryRun=All", Body.Replace("\"a\"", "\"b\"", StringComparison.Ordinal));
        await SendAsync(HttpMethod.Patch, Maps + "/a?fieldManager=me", Body, "application/apply-patch+yaml");
        await SendAsync(HttpMethod.Patch, Maps + "/a", "{}", "application/merge-patch+json");
        await SendAsync(HttpMethod.Get, Maps + "/none");
        await SendAsync(HttpMethod.Get, Maps);
        await SendAsync(HttpMethod.Get, Maps);
        await SendAsync(HttpMethod.Get, "/apis/apps/v1/deployments/nothing/like/this");
        await SendAsync(HttpMethod.Get, "/apis/apps/v1/gadgets");
        await SendAsync(HttpMethod.Get, "/apis/apps/v1/namespaces/default/deployments/none/scale");

        var lines = (await _client.GetStringAsync("/metrics")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines[..2].Should().OnlyContain(line => line.StartsWith('#'));
        lines[2..].Should().Equal(
            Series(200, "configmaps", "APPLY", 1),
            Series(200, "configmaps", "LIST", 2),
            Series(200, "configmaps", "PATCH", 1),
            Series(201, "configmaps", "POST", 1),
            Series(201, "configmaps", "POST", 1, dryRun: "All"),
            Series(404, "configmaps", "GET", 1),
            Series(404, "deployments", "GET", 1, group: "apps", subresource: "scale"),
            Series(409, "configmaps", "POST", 1));
    }

    [Fact]
    public async Task Metrics_AnonymousCaller_IsRefused()
    {
        using var anonymous = Client();

        using var answer = await anonymous.GetAsync("/metrics");

        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    private static string Series(int code, string resource, string verb, int count, string group = "", string subresource = "", string dryRun = "") =>
        $"apiserver_request_total{{code=\"{code}\",dry_run=\"{dryRun}\",group=\"{group}\",resource=\"{resource}\",subresource=\"{subresource}\",verb=\"{verb}\",version=\"v1\"}} {count}";

    private async Task SendAsync(HttpMethod method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(contentType));
        }

        using var answer = await _client.SendAsync(request);
    }

    /// <summary>Trusts the server without a look: the test is about what it counts.</summary>
    private HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    })
    {
        BaseAddress = _host.BaseUri,
    };
}
