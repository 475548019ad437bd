using System.Net;

namespace Octavo.Gateway.Tests.Health;

public sealed class HealthEndpointsTests
{
    [Fact]
    public async Task Ready_OnlyOnceTheDirectoryIsRead()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options: null);

        (await StatusAsync(gateway, "/healthz")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(gateway, "/readyz")).Should().Be(HttpStatusCode.ServiceUnavailable);
        gateway.SetEndpoints();
        (await StatusAsync(gateway, "/readyz")).Should().Be(HttpStatusCode.OK);
    }

    private static async Task<HttpStatusCode> StatusAsync(GatewayUnderTest gateway, string path)
    {
        using var response = await gateway.Http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }
}
