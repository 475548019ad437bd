using System.Net.Security;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer;
using Octavo.LocalCluster.ApiServer.Authorization;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>A server of its own and plain HTTP to it, for what clients see on the wire.</summary>
internal sealed class ApiCaller : IAsyncDisposable
{
    public const string Merge = "application/merge-patch+json";
    public const string Apply = "application/apply-patch+yaml";
    public const string Maps = "/api/v1/namespaces/default/configmaps";
    public const string Pods = "/api/v1/namespaces/default/pods";
    public const string Widgets = "/apis/example.dev/v1/namespaces/default/widgets";

    private readonly ApiServerHost server;
    private readonly HttpClient http;

    private ApiCaller(ApiServerHost server)
    {
        this.server = server;
        http = new HttpClient(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { BaseAddress = server.BaseUri };
    }

    public static async Task<ApiCaller> StartAsync() => new(await ApiServerHost.StartAsync(
        new ApiServerOptions { ServiceAccountAdmission = false, Authorization = AuthorizationMode.Rbac }, CancellationToken.None));

    /// <summary>With widgets, a kind with status, scale, defaults and rules.</summary>
    public static async Task<ApiCaller> StartWithWidgetsAsync(string? spec = null)
    {
        var caller = await StartAsync();
        (await caller.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", WidgetDefinition(spec))).Status.Should().Be(201);
        while ((await caller.SendAsync("GET", Widgets)).Status != 200)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        return caller;
    }

    /// <param name="spec">The schema of the spec; a size with a default, a colour and something nested where none is given.</param>
    public static string WidgetDefinition(string? spec = null) => """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.dev"},"spec":{"group":"example.dev","scope":"Namespaced",
        "names":{"kind":"Widget","plural":"widgets"},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
        "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"Ready","type":"string","jsonPath":".status.ready"},{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}],
        "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":SPEC,"status":{"type":"object","properties":{"ready":{"type":"string"}}}}}}}]}}
        """.Replace("SPEC", spec ?? """
        {"type":"object","properties":{"size":{"type":"integer","default":3},"color":{"type":"string"},"nested":{"type":"object","properties":{"deep":{"type":"string","default":"x"}}}}}
        """.Trim(), StringComparison.Ordinal);

    public async Task<ApiAnswer> SendAsync(string method, string path, string? body = null, string contentType = "application/json", string? token = null, string? accept = null)
    {
        using var request = Request(method, path, body, contentType, token, accept);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        JsonNode? parsed = null;
        try
        {
            parsed = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // Plain text.
        }

        return new ApiAnswer((int)response.StatusCode, parsed, text, response.Headers.TryGetValues("Warning", out var warnings) ? [.. warnings] : []);
    }

    /// <summary>What a watch tells from the revision on, until its timeout of one second.</summary>
    public async Task<IReadOnlyList<JsonNode>> WatchAsync(string path, string? accept = null)
    {
        using var request = Request("GET", path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "watch=1&timeoutSeconds=1", null, "", null, accept);
        using var response = await http.SendAsync(request);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(l => JsonNode.Parse(l)!)];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    private HttpRequestMessage Request(string method, string path, string? body, string contentType, string? token, string? accept)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? server.AdminToken);
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "tester/1.0");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return request;
    }
}
