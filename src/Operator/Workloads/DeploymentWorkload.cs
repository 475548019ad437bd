using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Workloads;

/// <summary>Replicas of one pod each.</summary>
internal sealed class DeploymentWorkload(Lister<V1Deployment> deployments, ObjectApplier applier) : IServingWorkload
{
    public string Kind => "Deployment";

    public bool HonoursDeletionCost => true;

    public string? Unavailability => null;

    public WorkloadState? Cached(NamespacedName service) => deployments.Get(service) is { } deployment ? ServingDeployment.Read(deployment) : null;

    public async Task<WorkloadState?> FindAsync(V1Alpha1InferenceService service, WorkloadState? cached, CancellationToken cancellationToken) =>
        cached ?? (await applier.FindAsync<V1Deployment>(null, ServingObjectMeta.NameOf(service), service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false)
            is { } deployment ? ServingDeployment.Read(deployment) : null);

    public async Task<WorkloadState> ApplyAsync(WorkloadState? live, WorkloadPlan plan, CancellationToken cancellationToken) =>
        ServingDeployment.Read(await applier.ApplyAsync(live?.Object as V1Deployment, ServingDeployment.Build(plan), cancellationToken).ConfigureAwait(false));
}
