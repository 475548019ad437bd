using System.Net;
using System.Net.Http.Headers;
using Octavo.Gateway.Configuration;

namespace Octavo.Gateway.Tests.Security;

public sealed class ApiKeyMiddlewareTests
{
    [Theory]
    [InlineData("/v1/models", null, HttpStatusCode.Unauthorized)]
    [InlineData("/v1/models", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/v1/models", "", HttpStatusCode.Unauthorized)]
    [InlineData("/V1/models", null, HttpStatusCode.Unauthorized)]
    [InlineData("/v1/models", "second", HttpStatusCode.OK)]
    [InlineData("/healthz", null, HttpStatusCode.OK)]
    [InlineData("/metrics", null, HttpStatusCode.OK)]
    public async Task Request_WithKeysConfigured_NeedsOneOnTheApi(string path, string? key, HttpStatusCode expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(new GatewayOptions { ApiKeys = ["first", "second"] });
        gateway.SetEndpoints();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(expected);
        if (expected == HttpStatusCode.Unauthorized)
        {
            (await response.Content.ReadAsStringAsync()).Should().Contain("invalid_api_key");
        }
    }
}
