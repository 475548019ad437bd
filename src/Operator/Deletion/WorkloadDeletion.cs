using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Deletion;

/// <summary>The workload goes, and its pods finish their requests; the Service stays until then.</summary>
internal sealed class WorkloadDeletion(ClusterView cluster, ServingWorkloads workloads, IKubernetesClient client) : IDeletionStep
{
    public DeletionStage Stage => DeletionStage.Workload;

    /// <summary>Alone it is no reason for a finalizer: the garbage collector deletes the workload as well.</summary>
    public bool IsNeeded(V1Alpha1InferenceService service) => false;

    public async Task<bool> RunAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(service);
        if (workloads.For(service).Cached(key) is not { } workload || ServingObjectMeta.OwnershipOf(service, workload.Metadata) is not (Ownership.Own or Ownership.Orphan))
        {
            return cluster.PodsOf(key).Count == 0;
        }

        // Where it was not there any more the cache is behind.
        var isThere = workload.Metadata.DeletionTimestamp is not null
            || await client.DeleteManifestAsync(workload.Object.ApiVersion!, workload.Kind, workload.Metadata.Name!, workload.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
        return !isThere && cluster.PodsOf(key).Count == 0;
    }
}
