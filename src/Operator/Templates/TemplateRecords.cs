using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Templates;

/// <summary>The ControllerRevisions that record templates: read from the cache, written before the workload, the oldest deleted.</summary>
internal sealed class TemplateRecords(ObjectApplier applier, IKubernetesClient client)
{
    /// <summary>
    /// The service's records. Where the cache has none but a workload runs, the record of that workload's template is asked for: the cache may be behind, and
    /// without the record the template would be made anew.
    /// </summary>
    public async Task<IReadOnlyList<V1ControllerRevision>> ReadAsync(
        V1Alpha1InferenceService service, IReadOnlyList<V1ControllerRevision> cached, LiveTemplate? live, CancellationToken cancellationToken)
    {
        var own = cached.Where(r => MayTake(service, r)).ToList();
        if (own.Count == 0 && TemplateRecord.HashOf(live?.Template) is { } hash)
        {
            var found = await client.FindAsync<V1ControllerRevision>(TemplateRecord.NameOf(service, hash), service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            return found is not null && MayTake(service, found) ? [found] : [];
        }

        return own;
    }

    /// <summary>Must have succeeded before the workload gets the template. Records that lost their owner get it back.</summary>
    public async Task WriteAsync(V1Alpha1InferenceService service, TemplateRecord record, IReadOnlyList<V1ControllerRevision> live, CancellationToken cancellationToken)
    {
        var wanted = record.ToObject(service);
        await applier.ApplyAsync(live.FirstOrDefault(r => r.Metadata.Name == wanted.Metadata.Name), wanted, cancellationToken).ConfigureAwait(false);
        foreach (var orphan in live.Where(r => r.Metadata.Name != wanted.Metadata.Name && !ServingObjectMeta.Controls(service, r.Metadata)))
        {
            if (TemplateRecord.Read(orphan) is { } kept)
            {
                await applier.ApplyAsync(orphan, kept.ToObject(service), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool MayTake(V1Alpha1InferenceService service, V1ControllerRevision record) =>
        ServingObjectMeta.OwnershipOf(service, record.Metadata) is Ownership.Own or Ownership.Orphan;

    /// <summary>Deletes the oldest beyond <see cref="TemplatePlan.Kept"/>.</summary>
    public async Task TrimAsync(TemplateRecord inUse, IReadOnlyList<V1ControllerRevision> live, CancellationToken cancellationToken)
    {
        foreach (var old in live.Where(r => TemplateRecord.Read(r)?.Hash != inUse.Hash).OrderByDescending(r => r.Revision).Skip(TemplatePlan.Kept - 1))
        {
            try
            {
                await client.DeleteAsync<V1ControllerRevision>(old.Metadata.Name!, old.Metadata.NamespaceProperty, null, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.IsNotFound)
            {
                // Gone already: the cache is behind.
            }
        }
    }
}
