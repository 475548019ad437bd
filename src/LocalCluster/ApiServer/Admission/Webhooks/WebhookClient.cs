using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>Posts reviews over HTTPS, checked against the webhook's own authority where it names one.</summary>
internal sealed class WebhookClient(ObjectStore store, TimeProvider time) : IDisposable
{
    private const int AnswerLimit = 3 * 1024 * 1024;

    private static readonly GroupResource Services = new("", "services");
    private static readonly GroupResource Slices = new("discovery.k8s.io", "endpointslices");

    /// <summary>By authority and the name that certificates are checked for.</summary>
    private readonly ConcurrentDictionary<(string Authority, string Host), HttpClient> clients = new();

    /// <exception cref="WebhookException">No answer, or none that is one.</exception>
    public async Task<JsonNode?> PostAsync(Webhook webhook, JsonObject review, CancellationToken cancellationToken)
    {
        var shown = ShownUrl(webhook);
        var failed = $"failed to call webhook: Post \"{shown}\": ";
        using var patience = new CancellationTokenSource(webhook.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var (address, host) = webhook.Client["service"] is JsonObject service ? Resolve(service, shown, failed) : (new Uri(shown), new Uri(shown).Host);
            var client = clients.GetOrAdd((webhook.Client["caBundle"].AsText() ?? "", host), static key => Connect(key.Authority, key.Host));
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(review)) };
            request.Headers.Host = host;
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, linked.Token);
            var text = await answer.Content.ReadAsStringAsync(linked.Token);
            return answer.IsSuccessStatusCode
                ? JsonNode.Parse(text)
                : throw new WebhookException($"failed to call webhook: {Refusal((int)answer.StatusCode, text)}");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new WebhookException(failed + "context deadline exceeded");
        }
        catch (HttpRequestException error)
        {
            throw new WebhookException(failed + Reason(error, new Uri(shown)));
        }
        catch (JsonException error)
        {
            throw new WebhookException($"failed to call webhook: the answer is no JSON: {error.Message}");
        }
        catch (Exception error) when (error is FormatException or CryptographicException)
        {
            throw new WebhookException($"unable to load root certificates: {error.Message}");
        }
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }

    private static string ShownUrl(Webhook webhook)
    {
        var seconds = string.Create(CultureInfo.InvariantCulture, $"timeout={(long)webhook.Timeout.TotalSeconds}s");
        if (webhook.Client["service"] is not JsonObject service)
        {
            return $"{webhook.Client["url"].AsText()}?{seconds}";
        }

        var path = service["path"].AsText() is { Length: > 0 } named ? named : "/";
        return $"https://{service["name"]}.{service["namespace"]}.svc:{service["port"].AsWhole() ?? 443}{path}?{seconds}";
    }

    private static HttpClient Connect(string authority, string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (authority.Length > 0)
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(authority)));
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        return new HttpClient(new SocketsHttpHandler { SslOptions = options, UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            MaxResponseContentBufferSize = AnswerLimit,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>An endpoint that is ready: nothing routes cluster IPs here.</summary>
    private (Uri Address, string Host) Resolve(JsonObject reference, string shown, string prefix)
    {
        var (name, ns) = (reference["name"]!.ToString(), reference["namespace"]!.ToString());
        var service = store.Get(Services, ns, name)?.Value ?? throw new WebhookException($"{prefix}service \"{name}\" not found");
        var wanted = reference["port"].AsWhole() ?? 443;
        var port = (service["spec"]?["ports"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(p => p["port"].AsWhole() == wanted)
            ?? throw new WebhookException($"{prefix}no service port {wanted} found for service \"{name}\"");
        foreach (var slice in store.Snapshot(Slices).In(ns).Where(s => s.Value["metadata"]?["labels"]?["kubernetes.io/service-name"]?.ToString() == name))
        {
            var number = (slice.Value["ports"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(p => (p["name"].AsText() ?? "") == (port["name"].AsText() ?? ""))?["port"].AsWhole();
            var endpoint = (slice.Value["endpoints"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(e => e["conditions"]?["ready"] is not { } ready || ready.IsTrue());
            if (number is { } found && endpoint?["addresses"] is JsonArray { Count: > 0 } addresses)
            {
                return (new UriBuilder(shown) { Host = addresses[0]!.ToString(), Port = (int)found }.Uri, new Uri(shown).Host);
            }
        }

        throw new WebhookException($"{prefix}no endpoints available for service \"{name}\"");
    }

    private static string Refusal(int code, string text) => code switch
    {
        >= 500 => $"an error on the server (\"{Short(text)}\") has prevented the request from succeeding",
        404 => "the server could not find the requested resource",
        _ => $"the server rejected our request for an unknown reason ({code}: {Short(text)})",
    };

    private static string Short(string text) => text.Trim() is { Length: > 200 } trimmed ? trimmed[..200] : text.Trim();

    /// <summary>The words of Go's network stack where they are known.</summary>
    private static string Reason(HttpRequestException error, Uri shown) => error.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => $"dial tcp {shown.Host}:{shown.Port}: connect: connection refused",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => $"dial tcp: lookup {shown.Host}: no such host",
        System.Security.Authentication.AuthenticationException => "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        IOException => "EOF",
        _ => error.Message,
    };
}
