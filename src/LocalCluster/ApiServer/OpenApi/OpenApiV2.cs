using System.Text;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.OpenApi;

/// <summary>
/// /openapi/v2: a document that defines no kind. Clients use v3, but kubectl must get a document here before it applies a <c>kind: List</c>, whose
/// items it checks by v2; what that does not define it leaves to the server, which checks each item strictly.
/// </summary>
internal static class OpenApiV2
{
    public const string Path = "/openapi/v2";

    // Asked for with an @, which no answer's media type may hold.
    private const string ProtobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private const string Version = "2.0";
    private const string Title = "Kubernetes";
    private const string ApiVersion = "v1.36.0";

    public static async Task WriteAsync(HttpContext http)
    {
        if (!http.Request.Headers.Accept.ToString().Contains("+protobuf", StringComparison.Ordinal))
        {
            var document = new JsonObject
            {
                ["swagger"] = Version,
                ["info"] = new JsonObject { ["title"] = Title, ["version"] = ApiVersion },
                ["paths"] = new JsonObject(),
            };
            await JsonAnswer.WriteAsync(http, 200, document, "application/json", []);
            return;
        }

        // openapi.v2.Document: swagger = 1, info = 2; Info: title = 1, version = 2.
        byte[] body = [.. Field(1, Encoding.ASCII.GetBytes(Version)), .. Field(2, [.. Field(1, Encoding.ASCII.GetBytes(Title)), .. Field(2, Encoding.ASCII.GetBytes(ApiVersion))])];
        http.Response.StatusCode = 200;
        http.Response.ContentType = ProtobufType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Length-delimited; shorter than 128 bytes, so that the length is one byte.</summary>
    private static byte[] Field(int number, byte[] value) => [(byte)((number << 3) | 2), (byte)value.Length, .. value];
}
