using Microsoft.AspNetCore.Http;
using Octavo.LocalCluster.ApiServer.OpenApi;

namespace Octavo.LocalCluster.Tests.ApiServer.OpenApi;

public sealed class OpenApiV2Tests
{
    [Fact]
    public async Task Write_ProtobufAsKubectlAsks_IsADocumentWithoutDefinitions()
    {
        var (type, body) = await AnswerAsync("application/com.github.proto-openapi.spec.v2@v1.0+protobuf");

        type.Should().Be("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
        body.Should().Equal((byte[])[0x0a, 3, .. "2.0"u8, 0x12, 21, 0x0a, 10, .. "Kubernetes"u8, 0x12, 7, .. "v1.36.0"u8]);
    }

    [Fact]
    public async Task Write_Json_SaysTheSame()
    {
        var (type, body) = await AnswerAsync("application/json");

        type.Should().Be("application/json");
        System.Text.Encoding.UTF8.GetString(body).Should().Be("""{"swagger":"2.0","info":{"title":"Kubernetes","version":"v1.36.0"},"paths":{}}""" + "\n");
    }

    private static async Task<(string? Type, byte[] Body)> AnswerAsync(string accept)
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Response = { Body = body } };
        http.Request.Method = "GET";
        http.Request.Headers.Accept = accept;
        await OpenApiV2.WriteAsync(http);
        return (http.Response.ContentType, body.ToArray());
    }
}
