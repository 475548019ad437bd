using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>Server-side apply of child objects, left out where it would change nothing.</summary>
internal sealed class ObjectApplier(IKubernetesClient client)
{
    /// <summary>
    /// Makes the live object have every field of <paramref name="wanted"/>; fields of an earlier apply that are no longer wanted go, other managers'
    /// fields stay. Returns the object as it is then. <paramref name="live"/> may be a moment old: an apply too many changes nothing.
    /// </summary>
    public async Task<T> ApplyAsync<T>(T? live, T wanted, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var fields = KubernetesJson.ToNode(wanted).AsObject();
        var hash = AppliedFields.Hash(fields);
        if (live is not null && live.Metadata.Annotations?.GetValueOrDefault(ServingObjectMeta.AppliedHash) == hash && AppliedFields.Covers(KubernetesJson.ToNode(live), fields))
        {
            return live;
        }

        var metadata = fields["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations)
        {
            metadata["annotations"] = annotations = [];
        }

        annotations[ServingObjectMeta.AppliedHash] = hash;
        var options = new ApplyOptions { FieldManager = ServingObjectMeta.FieldManager, Force = true };
        return await client.ApplyAsync(KubernetesJson.FromNode<T>(fields), options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The object of that name where the cache has none: it may just have been made, or be another's (the caches hold only what the operator
    /// made). Taking it over by force would break somebody's workload.
    /// </summary>
    public async Task<T?> FindAsync<T>(T? cached, string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        cached ?? await client.FindAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false);
}
