using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient;

/// <summary>What every client can do with the members of <see cref="IKubernetesClient"/>.</summary>
public static class KubernetesClientExtensions
{
    public const int DefaultPageSize = 500;

    /// <summary>
    /// All objects, read page by page from one snapshot. Where the continue token expires on the way, everything is read again in one piece, as client-go does.
    /// </summary>
    public static async Task<KubernetesList<T>> ListAllAsync<T>(
        this IKubernetesClient client, string? namespaceName, ListOptions? options, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var wanted = options ?? new ListOptions();
        var page = await client.ListAsync<T>(namespaceName, wanted with { Limit = wanted.Limit ?? DefaultPageSize, Continue = null }, cancellationToken).ConfigureAwait(false);
        if (string.IsNullOrEmpty(page.Metadata.Continue))
        {
            return page;
        }

        var items = new List<T>(page.Items);
        while (page.Metadata.Continue is { Length: > 0 } next)
        {
            try
            {
                // The token holds the snapshot's version; naming one again is an error.
                page = await client.ListAsync<T>(
                    namespaceName,
                    wanted with { Limit = wanted.Limit ?? DefaultPageSize, Continue = next, ResourceVersion = null, ResourceVersionMatch = null },
                    cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException exception) when (exception.IsGone)
            {
                return await client.ListAsync<T>(namespaceName, wanted with { Limit = null, Continue = null }, cancellationToken).ConfigureAwait(false);
            }

            items.AddRange(page.Items);
        }

        return page with { Items = items };
    }
}
