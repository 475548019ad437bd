using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Discovery;

/// <summary>Which path a kind has. Asked once per group and version; a kind that is missing is asked for again, since CRDs come and go.</summary>
internal sealed class ApiDiscovery(Func<string, CancellationToken, Task<JsonNode?>> get)
{
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, ApiResource>> known = new(StringComparer.Ordinal);

    /// <summary>Throws <see cref="KubernetesException"/> with 404 where the server does not serve the kind.</summary>
    public async Task<ApiResource> FindAsync(string groupVersion, string kind, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(groupVersion, out var cached) && cached.TryGetValue(kind, out var hit))
        {
            return hit;
        }

        var fresh = await FetchAsync(groupVersion, cancellationToken).ConfigureAwait(false);
        known[groupVersion] = fresh;
        return fresh.TryGetValue(kind, out var resource)
            ? resource
            : throw new KubernetesException(HttpStatusCode.NotFound, null, $"the server serves no kind \"{kind}\" in version \"{groupVersion}\"");
    }

    /// <summary>What was learned about this version may be wrong by now.</summary>
    public void Forget(string groupVersion) => known.TryRemove(groupVersion, out _);

    private async Task<IReadOnlyDictionary<string, ApiResource>> FetchAsync(string groupVersion, CancellationToken cancellationToken)
    {
        JsonNode? list;
        try
        {
            list = await get(ResourcePath.Root(groupVersion), cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return new Dictionary<string, ApiResource>();
        }

        var resources = new Dictionary<string, ApiResource>(StringComparer.Ordinal);
        foreach (var item in list?["resources"] as JsonArray ?? [])
        {
            var plural = item?["name"]?.GetValue<string>();
            var kind = item?["kind"]?.GetValue<string>();

            // Subresources are listed as "pods/status" and share or change the kind.
            if (plural is not null && kind is not null && !plural.Contains('/'))
            {
                resources.TryAdd(kind, new ApiResource(plural, item!["namespaced"]?.GetValue<bool>() ?? false));
            }
        }

        return resources;
    }
}

internal sealed record ApiResource(string Plural, bool Namespaced);
