using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Storage;

/// <summary>
/// Keeps the owners of a Job those services that want its model. A Job's spec cannot change, and code of another release would write another one: so its owners
/// alone are patched, by the version that they were read at, since the garbage collector changes them too.
/// </summary>
internal sealed class FillOwnership(FillView view, IKubernetesClient client)
{
    /// <summary>Gives up what the service has no use for any more; true where it had any such.</summary>
    /// <param name="service">Owner of the Jobs.</param>
    /// <param name="wanted">Hash of the fetch that it wants now; null: none.</param>
    public async Task<bool> ReleaseAsync(V1Alpha1InferenceService service, string? wanted, CancellationToken cancellationToken)
    {
        var released = view.OwnedBy(service).Where(j => FillJob.HashOf(j) != wanted && j.Metadata.DeletionTimestamp is null).ToList();
        foreach (var job in released)
        {
            if (view.Sharing(FillJob.HashOf(job)!, service) is { Count: > 0 } others)
            {
                await SetAsync(job, others, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await DeleteAsync(job, cancellationToken).ConfigureAwait(false);
            }
        }

        return released.Count > 0;
    }

    /// <summary>Owners of other kinds stay.</summary>
    public async Task SetAsync(V1Job job, IReadOnlyList<V1Alpha1InferenceService> sharing, CancellationToken cancellationToken)
    {
        var live = job.Metadata.OwnerReferences ?? [];
        IReadOnlyList<V1OwnerReference> owners = [.. live.Where(o => o.Kind != V1Alpha1InferenceService.EntityKind), .. FillJob.Owners(sharing)];
        if (live.Select(o => o.Uid).ToHashSet(StringComparer.Ordinal).SetEquals(owners.Select(o => o.Uid)))
        {
            return;
        }

        var patch = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = job.Metadata.ResourceVersion, ["ownerReferences"] = KubernetesJson.ToNode(owners) } };
        try
        {
            await client.PatchAsync<V1Job>(job.Metadata.Name!, job.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.MergePatch), null, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            // Gone meanwhile: the cache will say so.
        }
    }

    /// <summary>With its pods.</summary>
    public async Task DeleteAsync(V1Job job, CancellationToken cancellationToken)
    {
        var options = new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = new V1Preconditions { Uid = job.Metadata.Uid } };
        try
        {
            await client.DeleteAsync<V1Job>(job.Metadata.Name!, job.Metadata.NamespaceProperty, options, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or another of that name: the cache is behind.
        }
    }
}
