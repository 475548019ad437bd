using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.KubernetesClient.Authentication;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Http;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Watching;

namespace Octavo.KubernetesClient;

/// <summary>
/// <see cref="IKubernetesClient"/> over HTTP. Besides <see cref="KubernetesException"/> it throws what the network gives: <see cref="HttpRequestException"/>,
/// <see cref="IOException"/>, <see cref="TimeoutException"/>, and <see cref="KubernetesConfigurationException"/> where no credential can be had. Thread-safe.
/// </summary>
public sealed partial class HttpKubernetesClient : IKubernetesClient, IDisposable
{
    /// <summary>How long after a watch's own timeout its connection is given up: the server should have ended it.</summary>
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);

    private readonly KubernetesClientConfiguration configuration;
    private readonly TimeProvider timeProvider;
    private readonly HttpTransport http;
    private readonly RequestSender sender;
    private readonly ApiDiscovery discovery;

    /// <summary>Throws <see cref="KubernetesConfigurationException"/> where certificates or keys cannot be used; the network is not touched.</summary>
    public HttpKubernetesClient(KubernetesClientConfiguration configuration, TimeProvider timeProvider, ILogger<HttpKubernetesClient>? logger = null, RestClientMetrics? metrics = null)
    {
        this.configuration = configuration;
        this.timeProvider = timeProvider;
        var credentials = CredentialProvider.Create(configuration, timeProvider);
        http = new HttpTransport(new ConnectionFactory(configuration, credentials));
        sender = new RequestSender(configuration, http, credentials, timeProvider, logger ?? NullLogger<HttpKubernetesClient>.Instance, metrics);
        discovery = new ApiDiscovery((path, accept, token) => sender.SendAsync(new ApiRequest(HttpMethod.Get, path) { Accept = accept }, ReadNodeAsync, token));
    }

    public KubernetesClientConfiguration Configuration => configuration;

    public Task<T> GetAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        ObjectAsync<T>(new ApiRequest(HttpMethod.Get, ResourcePath.For<T>(namespaceName, name)), cancellationToken);

    public async Task<T?> FindAsync<T>(string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        try
        {
            return await GetAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public Task<KubernetesList<T>> ListAsync<T>(string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var path = ResourcePath.WithQuery(
            ResourcePath.For<T>(namespaceName),
            ("labelSelector", options?.LabelSelector),
            ("fieldSelector", options?.FieldSelector),
            ("limit", options?.Limit?.ToString()),
            ("continue", options?.Continue),
            ("resourceVersion", options?.ResourceVersion),
            ("resourceVersionMatch", options?.ResourceVersionMatch));
        return ObjectAsync<KubernetesList<T>>(new ApiRequest(HttpMethod.Get, path), cancellationToken);
    }

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(string? namespaceName, WatchOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        WatchPathAsync<T>(ResourcePath.For<T>(namespaceName), options, cancellationToken);

    public async IAsyncEnumerable<WatchEvent<T>> WatchPathAsync<T>(
        string path, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var request = new ApiRequest(HttpMethod.Get, ResourcePath.WithQuery(
            path,
            ("watch", "true"),
            ("allowWatchBookmarks", options.AllowBookmarks ? "true" : null),
            ("resourceVersion", options.ResourceVersion),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("timeoutSeconds", options.TimeoutSeconds?.ToString())))
        {
            KeepsResponse = true,
        };
        using var response = await sender.SendAsync(request, static (answer, _) => Task.FromResult(answer), cancellationToken).ConfigureAwait(false);
        using var deadline = options.TimeoutSeconds is { } seconds
            ? new CancellationTokenSource(TimeSpan.FromSeconds(seconds) + WatchGrace, timeProvider)
            : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        await using var stream = new WatchStream<T>(await response.Content.ReadAsStreamAsync(linked.Token).ConfigureAwait(false), path);
        while (await NextAsync(stream, path, deadline.Token, linked.Token).ConfigureAwait(false) is { } next)
        {
            yield return next;
        }
    }

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        if (KubernetesEntityAttribute.Of<T>() is { Namespaced: true } kind && string.IsNullOrEmpty(entity.Metadata.NamespaceProperty))
        {
            throw new ArgumentException($"a {kind.Kind} is created in a namespace, and this one names none", nameof(entity));
        }

        var path = WithWriteOptions(ResourcePath.For<T>(entity.Metadata.NamespaceProperty), options);
        return ObjectAsync<T>(new ApiRequest(HttpMethod.Post, path) { Body = Body(entity), IsIdempotent = false }, cancellationToken);
    }

    public Task<T> UpdateAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        PutAsync(entity, null, options, cancellationToken);

    public Task<T> UpdateStatusAsync<T>(T entity, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        PutAsync(entity, "status", options, cancellationToken);

    public Task<T> PatchAsync<T>(string name, string? namespaceName, V1Patch patch, string? subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        var request = new ApiRequest(HttpMethod.Patch, WithWriteOptions(ResourcePath.For<T>(namespaceName, name, subresource), options))
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(patch.Content, KubernetesJson.Options),
            ContentType = patch.Type switch
            {
                V1PatchType.JsonPatch => "application/json-patch+json",
                V1PatchType.MergePatch => "application/merge-patch+json",
                V1PatchType.StrategicMergePatch => "application/strategic-merge-patch+json",
                _ => throw new ArgumentOutOfRangeException(nameof(patch), patch.Type, null),
            },

            // A JSON patch may append to a list, and would append twice.
            IsIdempotent = patch.Type != V1PatchType.JsonPatch,
        };
        return ObjectAsync<T>(request, cancellationToken);
    }

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(entity.Metadata.Name);
        var path = ResourcePath.For<T>(entity.Metadata.NamespaceProperty, entity.Metadata.Name, options.Subresource);
        return ObjectAsync<T>(ApplyRequest(path, Body(entity), options), cancellationToken);
    }

    public Task DeleteAsync<T>(string name, string? namespaceName, V1DeleteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var body = options is null ? null : JsonSerializer.SerializeToUtf8Bytes(options, KubernetesJson.Options);
        var request = new ApiRequest(HttpMethod.Delete, ResourcePath.For<T>(namespaceName, name)) { Body = body };
        return sender.SendAsync(request, static (_, _) => Task.FromResult(true), cancellationToken);
    }

    /// <summary>As the interface says; an answer that is plain text (logs, health) comes as a JSON string, an empty one as null.</summary>
    public Task<JsonNode?> SendAsync(HttpMethod method, string pathAndQuery, JsonNode? body, string? contentType, CancellationToken cancellationToken)
    {
        var request = new ApiRequest(method, pathAndQuery)
        {
            Body = body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJson.Options),
            ContentType = contentType ?? "application/json",
            IsIdempotent = method != HttpMethod.Post && contentType != "application/json-patch+json",
        };
        return sender.SendAsync(request, ReadNodeAsync, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private static ApiRequest ApplyRequest(string path, byte[] body, ApplyOptions options) =>
        new(HttpMethod.Patch, ResourcePath.WithQuery(
            path,
            ("fieldManager", options.FieldManager),
            ("force", options.Force ? "true" : null),
            ("dryRun", options.DryRun ? "All" : null)))
        {
            Body = body,
            ContentType = "application/apply-patch+yaml",
        };

    private static string WithWriteOptions(string path, WriteOptions? options) => ResourcePath.WithQuery(
        path,
        ("fieldManager", options?.FieldManager),
        ("fieldValidation", options?.FieldValidation),
        ("dryRun", options?.DryRun == true ? "All" : null));

    // Items of lists come without kind and version; writes need both.
    private static byte[] Body<T>(T entity) where T : class, IKubernetesObject
    {
        if (entity.ApiVersion is not null && entity.Kind is not null)
        {
            return JsonSerializer.SerializeToUtf8Bytes(entity, KubernetesJson.Options);
        }

        var kind = KubernetesEntityAttribute.Of<T>();
        var node = KubernetesJson.ToNode(entity);
        node["apiVersion"] = kind.GroupVersion;
        node["kind"] = kind.Kind;
        return JsonSerializer.SerializeToUtf8Bytes(node, KubernetesJson.Options);
    }

    private static async Task<JsonNode?> ReadNodeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            return null;
        }

        return response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true
            ? JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { MaxDepth = 256 })
            : JsonValue.Create(System.Text.Encoding.UTF8.GetString(bytes));
    }

    private static async ValueTask<WatchEvent<T>?> NextAsync<T>(WatchStream<T> stream, string path, CancellationToken deadline, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        try
        {
            return await stream.NextAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"WATCH {path}: the server did not end the stream in time", exception);
        }
    }

    private Task<T> PutAsync<T>(T entity, string? subresource, WriteOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(entity.Metadata.Name);
        var path = ResourcePath.For<T>(entity.Metadata.NamespaceProperty, entity.Metadata.Name, subresource);
        return ObjectAsync<T>(new ApiRequest(HttpMethod.Put, WithWriteOptions(path, options)) { Body = Body(entity) }, cancellationToken);
    }

    private Task<T> ObjectAsync<T>(ApiRequest request, CancellationToken cancellationToken) where T : class =>
        sender.SendAsync(
            request,
            async (response, token) =>
            {
                await using var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
                return await JsonSerializer.DeserializeAsync<T>(stream, KubernetesJson.Options, token).ConfigureAwait(false)
                    ?? throw new JsonException($"{request.Method} {request.PathAndQuery}: the answer is null");
            },
            cancellationToken);
}
