using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>Server-side apply of child objects, left out where it would change nothing. Objects come with a type, or as manifests of a kind that has none here.</summary>
internal sealed class ObjectApplier(IKubernetesClient client)
{
    private static readonly ApplyOptions Options = new() { FieldManager = ServingObjectMeta.FieldManager, Force = true };

    /// <summary>
    /// Makes the live object have every field of <paramref name="wanted"/>; fields of an earlier apply that are no longer wanted go, other managers'
    /// fields stay. Returns the object as it is then. <paramref name="live"/> may be a moment old: an apply too many changes nothing.
    /// </summary>
    public async Task<T> ApplyAsync<T>(T? live, T wanted, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        Plan(live is null ? null : KubernetesJson.ToNode(live).AsObject(), KubernetesJson.ToNode(wanted).AsObject()) is { } fields
            ? await client.ApplyAsync(KubernetesJson.FromNode<T>(fields), Options, cancellationToken).ConfigureAwait(false)
            : live!;

    /// <summary>The same for a manifest; it has to name apiVersion, kind and metadata.name. A kind that the server does not serve is a 404.</summary>
    public async Task<JsonObject> ApplyManifestAsync(JsonObject? live, JsonObject wanted, CancellationToken cancellationToken) =>
        Plan(live, wanted.DeepClone().AsObject()) is { } fields ? await client.ApplyManifestAsync(fields, Options, cancellationToken).ConfigureAwait(false) : live!;

    /// <summary>
    /// The object of that name where the cache has none: it may just have been made, or be another's (the caches hold only what the operator
    /// made). Taking it over by force would break somebody's workload.
    /// </summary>
    public async Task<T?> FindAsync<T>(T? cached, string name, string? namespaceName, CancellationToken cancellationToken) where T : class, IKubernetesObject =>
        cached ?? await client.FindAsync<T>(name, namespaceName, cancellationToken).ConfigureAwait(false);

    /// <summary>The live object that a manifest is about; null where it, or its kind, does not exist.</summary>
    public Task<JsonObject?> FindManifestAsync(JsonObject wanted, CancellationToken cancellationToken) => client.FindManifestAsync(
        (string)wanted["apiVersion"]!, (string)wanted["kind"]!, (string)wanted["metadata"]!["name"]!, (string?)wanted["metadata"]!["namespace"], cancellationToken);

    /// <summary>What has to be applied, with the hash by which the next look knows it; null: nothing.</summary>
    private static JsonObject? Plan(JsonObject? live, JsonObject fields)
    {
        var hash = AppliedFields.Hash(fields);
        if (live is not null && (string?)live["metadata"]?["annotations"]?[ServingObjectMeta.AppliedHash] == hash && AppliedFields.Covers(live, fields))
        {
            return null;
        }

        var metadata = fields["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations)
        {
            metadata["annotations"] = annotations = [];
        }

        annotations[ServingObjectMeta.AppliedHash] = hash;
        return fields;
    }
}
