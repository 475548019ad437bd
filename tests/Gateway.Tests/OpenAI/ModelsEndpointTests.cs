using System.Net;
using System.Text.Json;

namespace Octavo.Gateway.Tests.OpenAI;

public sealed class ModelsEndpointTests
{
    [Fact]
    public async Task List_Directory_HasAllNamesAlsoOfModelsWithoutEndpoints()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);

        var list = JsonDocument.Parse(await gateway.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative))).RootElement;

        list.GetProperty("object").GetString().Should().Be("list");
        list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()).Should().Equal("alias", "m");
        list.GetProperty("data")[0].GetRawText().Should().Be("""{"id":"alias","object":"model","created":1767225600,"root":"m","owned_by":"octavo"}""");
    }

    [Fact]
    public async Task List_BeforeTheDirectoryIsRead_Is503AndNotAnEmptyList()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options: null);

        using var response = await gateway.Http.GetAsync(new Uri("/v1/models", UriKind.Relative));

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Get_OneModel_IsFoundOr404()
    {
        await using var gateway = await GatewayUnderTest.StartAsync([]);

        (await gateway.Http.GetStringAsync(new Uri("/v1/models/m", UriKind.Relative))).Should().Contain("\"id\":\"m\"");
        using var missing = await gateway.Http.GetAsync(new Uri("/v1/models/org/x", UriKind.Relative));
        missing.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await missing.Content.ReadAsStringAsync()).Should().Contain("org/x").And.Contain("model_not_found");
    }
}
