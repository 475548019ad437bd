using System.Net;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.Health;

/// <summary>The listener for probes of a server whose API is on loopback.</summary>
public sealed class ProbeConnectionTests
{
    [Theory]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/ready", HttpStatusCode.OK)]
    [InlineData("/v1/models", HttpStatusCode.NotFound)]
    [InlineData("/metrics", HttpStatusCode.NotFound)]
    [InlineData("/ready/../v1/models", HttpStatusCode.NotFound)]
    public async Task ProbeListener_AnswersHealthAndReadinessAlone(string path, HttpStatusCode expected)
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { ProbeHost = "127.0.0.1", ProbePort = 0, ApiKeys = ["key"] });
        using var client = new HttpClient { BaseAddress = new Uri(server.App.Urls.Last()) };
        client.DefaultRequestHeaders.Add("Authorization", "Bearer key");

        using var probed = await client.GetAsync(path);
        using var models = await server.Client.GetAsync("/v1/models");

        probed.StatusCode.Should().Be(expected);
        models.StatusCode.Should().Be(HttpStatusCode.Unauthorized, "the API's own listener is as it was");
    }
}
