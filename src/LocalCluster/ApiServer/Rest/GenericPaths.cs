using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Discovery;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Metrics;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Paths that are no resources: discovery, OpenAPI, health, metrics, version.</summary>
internal sealed class GenericPaths(ResourceRegistry registry, DiscoveryHandler discovery, OpenApiHandler openApi, RequestCounter counter)
{
    private static readonly string[] HealthPaths = ["/healthz", "/livez", "/readyz"];

    public async Task HandleAsync(HttpContext http, string path)
    {
        var isGet = HttpMethods.IsGet(http.Request.Method);
        if (Array.Exists(HealthPaths, p => path == p || path.StartsWith(p + "/", StringComparison.Ordinal)))
        {
            RequireGet(isGet || HttpMethods.IsHead(http.Request.Method));
            var name = path.TrimStart('/').Split('/')[0];
            await JsonAnswer.WriteTextAsync(http, 200, http.Request.Query.ContainsKey("verbose") ? $"[+]ping ok\n[+]store ok\n{name} check passed\n" : "ok");
            return;
        }

        if (path == "/metrics")
        {
            RequireGet(isGet);
            await JsonAnswer.WriteTextAsync(http, 200, counter.Render(), "text/plain; version=0.0.4; charset=utf-8");
            return;
        }

        if (path == "/version")
        {
            RequireGet(isGet);
            await JsonAnswer.WriteAsync(http, 200, Version(), "application/json", []);
            return;
        }

        if (path == "/")
        {
            RequireGet(isGet);
            var known = registry.All.Select(d => d.Group.Length == 0 ? "/api/v1" : $"/apis/{d.ApiVersion}").Distinct()
                .Concat(["/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]).Order(StringComparer.Ordinal);
            await JsonAnswer.WriteAsync(http, 200, new JsonObject { ["paths"] = new JsonArray([.. known.Select(p => (JsonNode)p)]) }, "application/json", []);
            return;
        }

        if (isGet && (await discovery.TryHandleAsync(http, path) || await openApi.TryHandleAsync(http, path)))
        {
            return;
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["api", ..] || (parts is ["apis", var group, ..] && registry.HasGroup(group) && !registry.IsCustomGroup(group)))
        {
            throw isGet ? ApiErrors.NoSuchResource() : ApiErrors.MethodNotAllowed();
        }

        await JsonAnswer.WritePageNotFoundAsync(http);
    }

    private static void RequireGet(bool isGet)
    {
        if (!isGet)
        {
            throw ApiErrors.MethodNotAllowed();
        }
    }

    private static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["gitVersion"] = "v1.36.0+octavo",
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "dotnet",
        ["platform"] = "linux/amd64",
    };
}
