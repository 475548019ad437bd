using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.OpenApi;

/// <summary>/openapi/v3: the index with hashes, and each group version's document; and what there is of v2.</summary>
internal sealed class OpenApiHandler(OpenApiDocuments documents)
{
    private const string Prefix = "/openapi/v3";

    /// <returns>False for a document that does not exist.</returns>
    public async Task<bool> TryHandleAsync(HttpContext http, string path)
    {
        if (path == OpenApiV2.Path)
        {
            await OpenApiV2.WriteAsync(http);
            return true;
        }

        if (path == Prefix || path == Prefix + "/")
        {
            var paths = new JsonObject();
            foreach (var document in documents.All)
            {
                paths[document.Path] = new JsonObject { ["serverRelativeURL"] = $"{Prefix}/{document.Path}?hash={document.Hash}" };
            }

            await JsonAnswer.WriteAsync(http, 200, new JsonObject { ["paths"] = paths }, "application/json", []);
            return true;
        }

        if (!path.StartsWith(Prefix + "/", StringComparison.Ordinal) || documents.Find(path[(Prefix.Length + 1)..]) is not { } found)
        {
            return false;
        }

        http.Response.StatusCode = 200;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = found.Utf8.Length;
        http.Response.Headers.ETag = $"\"{found.Hash}\"";
        await http.Response.Body.WriteAsync(found.Utf8, http.RequestAborted);
        return true;
    }
}
