using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Octavo.Gateway.Configuration;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Tests;

/// <summary>The whole gateway on a free port, with a directory that the test writes.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private static readonly DateTimeOffset Created = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly WebApplication app;

    private GatewayUnderTest(WebApplication app)
    {
        this.app = app;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Http { get; }

    public ModelDirectoryStore Directory => app.Services.GetRequiredService<ModelDirectoryStore>();

    public static async Task<GatewayUnderTest> StartAsync(GatewayOptions? options = null, TimeProvider? time = null)
    {
        var app = GatewayHost.Build((options ?? new GatewayOptions()) with { Port = 0 }, time ?? TimeProvider.System, new Random(1), _ => { }, logging => logging.ClearProviders());
        await app.StartAsync();
        return new GatewayUnderTest(app);
    }

    public static async Task<GatewayUnderTest> StartAsync(params BackendEndpoint[] endpoints)
    {
        var gateway = await StartAsync();
        gateway.SetEndpoints(endpoints);
        return gateway;
    }

    /// <summary>The directory holds model <c>m</c> (alias <c>alias</c>) with these endpoints.</summary>
    public void SetEndpoints(params BackendEndpoint[] endpoints)
    {
        var route = new ModelRoute("ns/m", "m", ["m", "alias"], Created, endpoints);
        Directory.Replace(new ModelDirectory(new Dictionary<string, ModelRoute> { ["m"] = route, ["alias"] = route }, [route], []));
    }

    public Task<HttpResponseMessage> PostAsync(string body = """{"model":"m"}""", string path = "/v1/chat/completions", CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public async Task<string> ScrapeAsync() => await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    /// <summary>Waits until the metrics hold a line; gives up after five seconds.</summary>
    public async Task ScrapeUntilAsync(string line)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (!(await ScrapeAsync()).Contains(line + "\n", StringComparison.Ordinal))
        {
            limit.IsCancellationRequested.Should().BeFalse("the metrics should get the line {0}", line);
            await Task.Yield();
        }
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
    }
}
