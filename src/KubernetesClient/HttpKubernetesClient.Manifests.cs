using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Http;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient;

/// <summary>Kinds that have no type here; their paths are found by discovery.</summary>
public sealed partial class HttpKubernetesClient
{
    public Task<IReadOnlyList<ServedVersion>> DiscoverAsync(CancellationToken cancellationToken) => discovery.AllAsync(cancellationToken);

    public Task<JsonObject> ApplyManifestAsync(JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken)
    {
        var target = ManifestTarget.Read(manifest);
        return AtAsync(
            target with { Namespace = target.Namespace ?? configuration.Namespace },
            options.Subresource,
            path => ObjectAsync<JsonObject>(ApplyRequest(path, JsonSerializer.SerializeToUtf8Bytes(manifest, KubernetesJson.Options), options), cancellationToken),
            cancellationToken);
    }

    public async Task<JsonObject?> FindManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken)
    {
        try
        {
            var target = new ManifestTarget(groupVersion, kind, name, namespaceName);
            return await AtAsync(target, null, path => ObjectAsync<JsonObject>(new ApiRequest(HttpMethod.Get, path), cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public async Task<bool> DeleteManifestAsync(string groupVersion, string kind, string name, string? namespaceName, CancellationToken cancellationToken)
    {
        try
        {
            var target = new ManifestTarget(groupVersion, kind, name, namespaceName);
            var body = JsonSerializer.SerializeToUtf8Bytes(new V1DeleteOptions { PropagationPolicy = "Background" }, KubernetesJson.Options);
            return await AtAsync(
                target,
                null,
                path => sender.SendAsync(new ApiRequest(HttpMethod.Delete, path) { Body = body }, static (_, _) => Task.FromResult(true), cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Does something at the path of a kind that discovery knows; what it knows is forgotten where the path turns out not to be there.</summary>
    private async Task<T> AtAsync<T>(ManifestTarget target, string? subresource, Func<string, Task<T>> act, CancellationToken cancellationToken)
    {
        var resource = await discovery.FindAsync(target.GroupVersion, target.Kind, cancellationToken).ConfigureAwait(false);
        try
        {
            return await act(ResourcePath.For(target.GroupVersion, resource.Plural, resource.Namespaced ? target.Namespace : null, target.Name, subresource)).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            discovery.Forget(target.GroupVersion);
            throw;
        }
    }
}
