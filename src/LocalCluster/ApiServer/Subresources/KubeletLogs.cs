using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>pods/log: asks the kubelet of the pod's node, whose address and port the Node reports, and passes its answer through.</summary>
internal sealed class KubeletLogs(ApiServerCore core) : IDisposable
{
    private const int DefaultKubeletPort = 10250;
    private static readonly GroupResource Nodes = new("", "nodes");
    private static readonly string[] Passed = ["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes"];

    // Nodes of this cluster show certificates of their own making, as kubelets without serving certificates do.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    public async Task WriteAsync(ResourceRequest request, JsonObject pod)
    {
        var container = ChooseContainer(request, pod);
        var nodeName = pod["spec"]?["nodeName"]?.ToString();
        if (nodeName is null)
        {
            request.Http.Response.StatusCode = 204;
            return;
        }

        using var message = new HttpRequestMessage(HttpMethod.Get, Address(request, nodeName, container));
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, core.Stopping.Token);
        try
        {
            using var answer = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ending.Token);
            if (!answer.IsSuccessStatusCode)
            {
                var text = await answer.Content.ReadAsStringAsync(ending.Token);
                throw (int)answer.StatusCode == 404
                    ? new ApiException(404, $"the server could not find the requested resource ( pods/log {request.Name})", "NotFound", [])
                    : ApiErrors.BadRequest(text.Trim());
            }

            request.Http.Response.ContentType = "text/plain";
            await request.Http.Response.StartAsync(ending.Token);
            await using var stream = await answer.Content.ReadAsStreamAsync(ending.Token);
            var chunk = new byte[16 * 1024];
            int read;
            while ((read = await stream.ReadAsync(chunk, ending.Token)) > 0)
            {
                await request.Http.Response.Body.WriteAsync(chunk.AsMemory(0, read), ending.Token);
                await request.Http.Response.Body.FlushAsync(ending.Token);
            }
        }
        catch (HttpRequestException error) when (!request.Http.Response.HasStarted)
        {
            throw new ApiException(500, $"Get \"{message.RequestUri}\": {error.Message}", "InternalError", null);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // A followed log ends with its reader or with the server.
        }
    }

    public void Dispose() => _client.Dispose();

    private static string ChooseContainer(ResourceRequest request, JsonObject pod)
    {
        var spec = pod["spec"] as JsonObject ?? [];
        var main = Names(spec["containers"]);
        var asked = request.Query("container");
        if (string.IsNullOrEmpty(asked))
        {
            if (main.Count == 1)
            {
                return main[0];
            }

            var init = Names(spec["initContainers"]);
            var others = init.Count > 0 ? $" or one of the init containers: [{string.Join(' ', init)}]" : "";
            throw ApiErrors.BadRequest($"a container name must be specified for pod {request.Name}, choose one of: [{string.Join(' ', main)}]{others}");
        }

        var known = main.Concat(Names(spec["initContainers"])).Concat(Names(spec["ephemeralContainers"]));
        return known.Contains(asked) ? asked : throw ApiErrors.BadRequest($"container {asked} is not valid for pod {request.Name}");
    }

    private static List<string> Names(JsonNode? containers) =>
        [.. (containers as JsonArray ?? []).Select(c => c?["name"]?.ToString() ?? "")];

    private Uri Address(ResourceRequest request, string nodeName, string container)
    {
        var node = core.Store.Get(Nodes, "", nodeName)?.Value ?? throw ApiErrors.NotFound("", "nodes", nodeName);
        var addresses = node["status"]?["addresses"] as JsonArray ?? [];
        var host = addresses.FirstOrDefault(a => a?["type"]?.ToString() == "InternalIP")?["address"]?.ToString()
            ?? addresses.FirstOrDefault()?["address"]?.ToString()
            ?? throw ApiErrors.Unmapped($"no preferred addresses found; known addresses: [] of node {nodeName}");
        var port = node["status"]?["daemonEndpoints"]?["kubeletEndpoint"]?["Port"].AsWhole() ?? DefaultKubeletPort;
        var query = string.Join('&', Passed.Where(p => request.Query(p) is { Length: > 0 }).Select(p => $"{p}={Uri.EscapeDataString(request.Query(p)!)}"));
        return new Uri($"https://{host}:{port}/containerLogs/{request.Namespace}/{request.Name}/{container}?{query}");
    }
}
