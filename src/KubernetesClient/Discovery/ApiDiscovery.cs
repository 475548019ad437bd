using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Discovery;

/// <summary>Which path a kind has. Asked once per group and version; a kind that is missing is asked for again, since CRDs come and go.</summary>
internal sealed class ApiDiscovery(Func<string, string?, CancellationToken, Task<JsonNode?>> get)
{
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, ServedKind>> known = new(StringComparer.Ordinal);

    /// <summary>Throws <see cref="KubernetesException"/> with 404 where the server does not serve the kind.</summary>
    public async Task<ServedKind> FindAsync(string groupVersion, string kind, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(groupVersion, out var cached) && cached.TryGetValue(kind, out var hit))
        {
            return hit;
        }

        var fresh = new Dictionary<string, ServedKind>(StringComparer.Ordinal);
        foreach (var served in await ResourcesAsync(groupVersion, cancellationToken).ConfigureAwait(false))
        {
            fresh.TryAdd(served.Kind, served);
        }

        known[groupVersion] = fresh;
        return fresh.TryGetValue(kind, out var resource)
            ? resource
            : throw new KubernetesException(HttpStatusCode.NotFound, null, $"the server serves no kind \"{kind}\" in version \"{groupVersion}\"");
    }

    /// <summary>What was learned about this version may be wrong by now.</summary>
    public void Forget(string groupVersion) => known.TryRemove(groupVersion, out _);

    /// <summary>Every named group, in one request where the server knows aggregated discovery, else in one for each version.</summary>
    public async Task<IReadOnlyList<ServedVersion>> AllAsync(CancellationToken cancellationToken)
    {
        var document = await get("/apis", DiscoveryDocument.Accept, cancellationToken).ConfigureAwait(false);
        if (DiscoveryDocument.IsAggregated(document))
        {
            return [.. DiscoveryDocument.ReadAggregated(document)];
        }

        var versions = new List<ServedVersion>();
        foreach (var groupVersion in DiscoveryDocument.ReadGroupVersions(document))
        {
            try
            {
                versions.Add(new ServedVersion(groupVersion, await ResourcesAsync(groupVersion, cancellationToken).ConfigureAwait(false)));
            }
            catch (KubernetesException exception) when ((int)exception.StatusCode >= 500)
            {
                // An aggregated API that is down says nothing about the others.
                versions.Add(new ServedVersion(groupVersion, []) { IsStale = true });
            }
        }

        return versions;
    }

    private async Task<IReadOnlyList<ServedKind>> ResourcesAsync(string groupVersion, CancellationToken cancellationToken)
    {
        try
        {
            return DiscoveryDocument.ReadResources(await get(ResourcePath.Root(groupVersion), null, cancellationToken).ConfigureAwait(false));
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return [];
        }
    }
}
